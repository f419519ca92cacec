"""The common application API: tasks of assets, and their results (contract 004)."""
