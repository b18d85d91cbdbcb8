"""What each database says in its own words."""

from .base import Dialect
from .mysql import MySQL
from .postgresql import PostgreSQL
from .sqlite import SQLite

__all__ = ["DIALECTS", "Dialect", "MySQL", "PostgreSQL", "SQLite"]

DIALECTS: dict[str, type[Dialect]] = {"postgresql": PostgreSQL, "sqlite": SQLite, "mysql": MySQL, "mariadb": MySQL}
