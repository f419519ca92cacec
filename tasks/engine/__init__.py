"""The engine: rows are the truth, a doorbell wakes the workers, a lease guards each."""
