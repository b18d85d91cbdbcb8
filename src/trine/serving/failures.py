"""Exceptions between processes: what an answer needs of them, never the object."""

import traceback
from typing import Any

import msgspec

from trine.errors import HTTPException, TrineError

Told = list[Any]


class ModelFailure(TrineError):
    """Something that nobody expected went wrong in a model's own process. The text holds the traceback from there."""


def tell_failure(error: BaseException) -> Told:
    """Write an exception down."""
    if isinstance(error, HTTPException):
        detail = error.detail if _is_sendable(error.detail) else str(error.detail)
        return ["answer", error.status_code, detail, dict(error.headers or {})]
    return ["failure", "".join(traceback.format_exception(error)).rstrip()]


def read_failure(told: Told) -> Exception:
    """Make the exception again, or the one that stands for it here."""
    if told[0] == "answer":
        return HTTPException(told[1], told[2], told[3] or None)
    return ModelFailure(told[1])


def _is_sendable(detail: Any) -> bool:
    try:
        msgspec.msgpack.encode(detail)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def unavailable(reason: str) -> HTTPException:
    """What a request gets whose model is not there: another attempt is welcome."""
    return HTTPException(503, reason, {"retry-after": "1"})
