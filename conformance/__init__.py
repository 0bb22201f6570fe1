"""The log and the models, read by somebody else's program: ``make conformance``.

`prepare` fills two databases and exports them; `check` and `mutants` know files only, run in an
environment of their own with pm4py and import nothing of the product; `judge` asks the product's
own replay about the same mutants. pm4py is under the AGPL: nothing of the product imports it.
"""
