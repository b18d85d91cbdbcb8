"""`starlette.background`: work after the response."""

from trine.http import BackgroundTask, BackgroundTasks

__all__ = ["BackgroundTask", "BackgroundTasks"]
