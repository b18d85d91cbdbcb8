"""How an application reads and writes JSON: assign another provider to `app.json` to change it."""

import dataclasses
import json
import uuid
import weakref
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, ClassVar

from werkzeug.http import http_date

if TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response


class JSONProvider:
    """What an application asks of a JSON library. A subclass gives `dumps` and `loads`."""

    def __init__(self, app: "Flask") -> None:
        # The application holds its provider: the way back must not keep it alive.
        self._app: Flask = weakref.proxy(app)  # type: ignore[assignment] # stands for what it leads to

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a value as JSON."""
        raise NotImplementedError

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Write a value as JSON into a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON."""
        raise NotImplementedError

    def load(self, fp: IO[Any], **kwargs: Any) -> Any:
        """Read JSON from a file."""
        return self.loads(fp.read(), **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> "Response":
        """Answer with JSON: one value, several as a list, or keywords as an object."""
        return self._app.response_class(self.dumps(self._value(args, kwargs)), mimetype="application/json")

    @staticmethod
    def _value(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and kwargs:
            raise TypeError("jsonify() takes either args or kwargs, not both.")
        if len(args) == 1:
            return args[0]
        return args or kwargs or None


def to_plain(value: Any) -> Any:
    """What JSON itself cannot say: dates as HTTP writes them, UUIDs and decimals as text, dataclasses as objects."""
    if isinstance(value, date):
        return http_date(value)
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if hasattr(value, "__html__"):
        return str(value.__html__())
    raise TypeError(f"JSON has no form for a {type(value).__name__}: {value!r:.100}")


class DefaultJSONProvider(JSONProvider):
    """Python's `json`, with dates, UUIDs, decimals, dataclasses and whatever has `__html__`."""

    default: ClassVar[Callable[[Any], Any]] = staticmethod(to_plain)
    """What a value becomes that JSON does not know."""
    ensure_ascii = True
    """Write everything but ASCII as escapes."""
    sort_keys = True
    """Write keys in order, so that caches see equal answers as equal."""
    compact: bool | None = None
    """Leave no white space; None: except while debugging."""
    mimetype = "application/json"

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a value as JSON."""
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return json.dumps(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON."""
        return json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> "Response":
        """Answer with JSON: spread over lines while debugging, else as short as it can be."""
        is_compact = not self._app.debug if self.compact is None else self.compact
        layout: dict[str, Any] = {"separators": (",", ":")} if is_compact else {"indent": 2}
        text = self.dumps(self._value(args, kwargs), **layout)
        return self._app.response_class(f"{text}\n", mimetype=self.mimetype)
