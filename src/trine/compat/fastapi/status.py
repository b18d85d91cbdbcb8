"""`fastapi.status`: status codes by name."""

from trine.http.status import *  # noqa: F403 - the same names, all of them
