"""Exports on a Dask cluster: `cluster` and `unwanted` know Dask, no step Django."""
