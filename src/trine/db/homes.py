"""Which database an instance is in: what is read from one is written back to it."""

from typing import Any

HOME = "_trine_database"
"""Where an instance keeps the alias of its database, when it is not its model's."""


def home_of(instance: Any) -> str:
    """The alias of the database that an instance was read from or saved to, else its model's."""
    alias: str = instance.__dict__.get(HOME) or type(instance).__options__.database
    return alias
