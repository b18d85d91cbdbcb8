"""The database: one connection for each request that asks for it, and the tables."""

import sqlite3

from trine import current_app, g

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS posts (
    id INTEGER PRIMARY KEY,
    author_id INTEGER NOT NULL REFERENCES users (id),
    written TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    title TEXT NOT NULL,
    body TEXT NOT NULL
);
"""


def connection() -> sqlite3.Connection:
    """Give this request's connection."""
    if "database" not in g:
        # Pages and hooks run in worker threads, one after the other, not always in the same one.
        g.database = sqlite3.connect(current_app.settings.database, check_same_thread=False)
        g.database.row_factory = sqlite3.Row
        g.database.execute("PRAGMA foreign_keys = ON")
        g.database.executescript(SCHEMA)
    return g.database  # type: ignore[no-any-return] # g holds anything


def close(_error: Exception | None) -> None:
    """Close the connection, where the request has used one."""
    if "database" in g:
        g.database.close()
