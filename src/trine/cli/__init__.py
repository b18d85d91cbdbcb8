"""The `trine` command. Each subcommand is loaded when it is called, so that none pays for another."""

from .main import main

__all__ = ["main"]
