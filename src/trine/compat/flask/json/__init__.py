"""JSON as the application at work writes it: these functions use its `json` provider, and plain JSON elsewhere."""

import json as plain
from typing import IO, Any

from ..globals import _cv_app, current_app
from .provider import to_plain as _default


def dumps(obj: Any, **kwargs: Any) -> str:
    """Write a value as JSON."""
    if _cv_app.get(None) is not None:
        return current_app.json.dumps(obj, **kwargs)
    kwargs.setdefault("default", _default)
    return plain.dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write a value as JSON into a text file."""
    if _cv_app.get(None) is not None:
        current_app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        plain.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Read JSON."""
    return current_app.json.loads(s, **kwargs) if _cv_app.get(None) is not None else plain.loads(s, **kwargs)


def load(fp: IO[Any], **kwargs: Any) -> Any:
    """Read JSON from a file."""
    return current_app.json.load(fp, **kwargs) if _cv_app.get(None) is not None else plain.load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Any:
    """Answer with JSON: one value, several as a list, or keywords as an object."""
    return current_app.json.response(*args, **kwargs)
