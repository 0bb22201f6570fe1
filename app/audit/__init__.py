"""The chains of the audit: what was done, by whom, in which order, and the proof of it."""
