"""Cases, their clocks, rows, versions and evidence: the only package that moves a case."""
