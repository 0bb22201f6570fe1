"""Cases as object-centric event data: OCEL 2.0 as JSON and as SQLite.

OCEL (Object-Centric Event Log) 2.0 Specification, RWTH Aachen 2023. `model` is what both files are
made of, `cases` and `clocks` read it from the chains, `cast` gathers whom they name.
"""
