"""What an act, a list and a proof cost, measured against the same work written by hand.

``python -m benchmarks`` prints tables in Markdown and, with ``--out``, keeps them in a file.
Nothing here decides whether a test passes: times depend on the machine, ratios less so.
"""
