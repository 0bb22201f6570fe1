"""Statutory sources, terms, penalty tables, working days and period arithmetic. Pure."""
