"""Commands of an application: functions that stand beside Trine's own in the `trine` command line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .group import Command, CommandGroup

if TYPE_CHECKING:
    from .build import build_commands as build_commands

__all__ = ["Command", "CommandGroup", "build_commands"]


def __getattr__(name: str) -> Any:
    # Loaded when a command line is made: declaring a command loads neither Click nor what binds functions.
    if name != "build_commands":
        raise AttributeError(f"module 'trine.commands' has no attribute '{name}'")
    return import_module(f"{__name__}.build").build_commands
