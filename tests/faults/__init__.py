"""Faults done on purpose to live services, and what became of the work meanwhile."""
