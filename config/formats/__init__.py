"""How pages write times and numbers, by language."""
