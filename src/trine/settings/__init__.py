"""What may differ from one place to another: one typed `Settings`, read from the environment and `.env`."""

from .checks import Checked, Problem, check_secret_key, find_problems, is_loopback, refuse_problems
from .dotenv import read_dotenv
from .group import SettingsGroup
from .launch import Launch, launch, set_launch
from .model import Settings

__all__ = [
    "Checked",
    "Launch",
    "Problem",
    "Settings",
    "SettingsGroup",
    "check_secret_key",
    "find_problems",
    "is_loopback",
    "launch",
    "read_dotenv",
    "refuse_problems",
    "set_launch",
]
