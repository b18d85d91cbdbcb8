"""`fastapi.staticfiles`: files below a path."""

from trine.compat.starlette.staticfiles import StaticFiles

__all__ = ["StaticFiles"]
