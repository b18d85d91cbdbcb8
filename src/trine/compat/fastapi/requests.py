"""`fastapi.requests`: requests and connections."""

from trine.compat.starlette.requests import HTTPConnection, Request

__all__ = ["HTTPConnection", "Request"]
