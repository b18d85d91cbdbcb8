"""A book shop."""
