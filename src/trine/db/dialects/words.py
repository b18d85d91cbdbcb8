"""Words in texts, as PostgreSQL searches for them."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ..errors import FieldError

_CONFIG = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?")


class SearchVectorType(postgresql.TSVECTOR):
    """The words of a text, with the configuration that they were read with."""

    cache_ok = True

    def __init__(self, config: str | None = None) -> None:
        super().__init__()
        self.config = config


def checked_config(config: str | None) -> str | None:
    """The name of a configuration. It becomes a part of the statement, so that an index over the same expression is used."""
    if config is not None and not _CONFIG.fullmatch(config):
        raise FieldError(f"{config!r} is no name of a search configuration.")
    return config


def web_query(words: Any, config: str | None) -> Any:
    """What people type, as a query."""
    first: list[Any] = [] if config is None else [sa.literal_column(f"'{config}'::regconfig")]
    return sa.func.websearch_to_tsquery(*first, words, type_=postgresql.TSQUERY())
