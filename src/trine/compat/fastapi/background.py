"""`fastapi.background`: work after the response."""

from trine.http import BackgroundTasks

__all__ = ["BackgroundTasks"]
