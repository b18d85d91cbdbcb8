"""What a session holds, and where it came from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CSRF = "_csrf"
"""Where a session keeps what its CSRF tokens are made of."""
_PERMANENT = "_permanent"
_SCALARS = (str, int, float, bool, type(None))
_SMALL = (int, float, bool, type(None))
_NOTHING: Any = object()


@dataclass(frozen=True)
class Origin:
    """Where a session came from: its text, None without a good cookie, and its age in seconds."""

    text: str | None
    age: float
    had_cookie: bool
    id: str | None = None
    """The id under which a store has it."""


def too_large(session: "Session", size: int, most: int) -> ValueError:
    """The error of a session for which a cookie has no place: which values are large, and what to do about it."""
    sizes = {name: len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) for name, value in session.items()}
    largest = sorted(sizes.items(), key=lambda pair: -pair[1])[:5]
    return ValueError(
        f"The session takes {size:,} bytes as a cookie, and browsers keep {most:,}: "
        + ", ".join(f"session[{name!r}] has {length:,}" for name, length in largest)
        + ". Keep the data on the server, and only its key in the session; or keep sessions in a store: "
        "SessionMiddleware(store=...), or TRINE_SESSION_URL for pages."
    )


class Session(dict[str, Any]):
    """What a visitor carries along: JSON values by name. Changes are kept when the answer begins."""

    def __init__(self, values: dict[str, Any], origin: Origin, *, permanent: bool = True) -> None:
        super().__init__(values)
        self.origin = origin
        self.modified = False
        """Whether something was set or removed. Changes inside of lists and dicts are found without it."""
        self.is_regenerated = False
        self._permanent_by_default = permanent
        self.guard: Callable[[Session], None] | None = None
        """Refuses values for which there is no place, at the line where they are set."""

    @property
    def is_new(self) -> bool:
        """Whether the visitor came without a session."""
        return self.origin.text is None

    @property
    def permanent(self) -> bool:
        """Whether browsers keep the session when they are closed."""
        return bool(self.get(_PERMANENT, self._permanent_by_default))

    @permanent.setter
    def permanent(self, permanent: bool) -> None:
        self[_PERMANENT] = bool(permanent)

    def regenerate(self) -> None:
        """Give the session another id, and its forms other tokens: do it when a visitor logs in, so that nobody can know it."""
        self.is_regenerated = self.modified = True
        super().pop(CSRF, None)

    def is_changed(self) -> bool:
        """Whether there is something to keep."""
        if not self.modified and all(type(value) in _SCALARS for value in self.values()):
            return False
        return self.is_regenerated or self.to_text() != self.origin.text

    def to_text(self) -> str:
        """The values as JSON. Raises `TypeError` for what JSON cannot say."""
        try:
            return json.dumps(self, separators=(",", ":"), ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise TypeError(f"The session holds a value that JSON cannot say: {error}.") from error

    def __setitem__(self, name: str, value: Any) -> None:
        before = self.get(name, _NOTHING)
        self.modified = True
        super().__setitem__(name, value)
        if self.guard is not None and type(value) not in _SMALL:
            try:
                self.guard(self)
            except ValueError:
                # The session stays as it was, so that the answer that tells of the error can be sent.
                if before is _NOTHING:
                    super().__delitem__(name)
                else:
                    super().__setitem__(name, before)
                raise

    def __delitem__(self, name: str) -> None:
        self.modified = True
        super().__delitem__(name)

    def __ior__(self, values: Any) -> "Session":  # type: ignore[override,misc] # dict declares an overload for each argument
        self.update(values)
        return self

    def clear(self) -> None:
        """Forget everything: the session ends with the answer."""
        self.modified = True
        super().clear()

    def pop(self, *arguments: Any) -> Any:
        """Take a value out."""
        self.modified = True
        return super().pop(*arguments)

    def popitem(self) -> tuple[str, Any]:
        """Take the last value out."""
        self.modified = True
        return super().popitem()

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Give a value, set to the default where there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *arguments: Any, **values: Any) -> None:
        """Set several values."""
        self.modified = True
        for name, value in dict(*arguments, **values).items():
            self[name] = value
