"""Items of streams as FastAPI encodes them."""

import json
from typing import Any

from .encoders import jsonable_encoder


def encode_item(value: Any) -> bytes:
    """Encode an item of no declared type: `jsonable_encoder`, then `json`."""
    return json.dumps(_finite(jsonable_encoder(value)), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _finite(value: Any) -> Any:
    """Replace what JSON cannot say: numbers that are not finite become null."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {_key(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _key(key: Any) -> Any:
    if isinstance(key, float) and key - key != 0:
        return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(key, "NaN")
    return key
