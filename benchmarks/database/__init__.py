"""Rows from a database as JSON, through real servers: `python -m benchmarks.database`."""
