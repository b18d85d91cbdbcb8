"""Starlette's names over Trine's own rooms."""

__version__ = "1.10.0"
"""The Starlette whose behaviour these names follow."""
