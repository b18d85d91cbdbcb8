"""What may differ from one place to another: one typed `Settings`, read from the environment and `.env`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import Checked as Checked
    from .checks import Problem as Problem
    from .checks import check_secret_key as check_secret_key
    from .checks import find_problems as find_problems
    from .checks import is_loopback as is_loopback
    from .checks import refuse_problems as refuse_problems
    from .checks import weakness_of as weakness_of
    from .dotenv import read_dotenv as read_dotenv
    from .group import SettingsGroup as SettingsGroup
    from .launch import Launch as Launch
    from .launch import set_launch as set_launch
    from .model import Settings as Settings

# Loaded on first use: the command line reads `.env` without loading Pydantic.
_HOMES = {
    "Checked": "checks",
    "Launch": "launch",
    "Problem": "checks",
    "Settings": "model",
    "SettingsGroup": "group",
    "check_secret_key": "checks",
    "find_problems": "checks",
    "is_loopback": "checks",
    "read_dotenv": "dotenv",
    "refuse_problems": "checks",
    "set_launch": "launch",
    "weakness_of": "checks",
}

__all__ = [
    "Checked",
    "Launch",
    "Problem",
    "Settings",
    "SettingsGroup",
    "check_secret_key",
    "find_problems",
    "is_loopback",
    "read_dotenv",
    "refuse_problems",
    "set_launch",
    "weakness_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'trine.settings' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
