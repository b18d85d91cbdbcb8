"""HTML that is safe to show: whatever is put into it is escaped once, here."""

from collections.abc import Iterable, Mapping
from html import escape

Attributes = Mapping[str, str | int | bool | None]

# Elements without content (HTML §13.1.2).
_VOID = frozenset({"input", "br", "hr"})


class Html(str):
    """Text that is HTML already. Jinja2 does not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def element(name: str, attributes: Attributes | None = None, *content: str) -> Html:
    """Write an element. Text is escaped, `Html` is not; an attribute that is None or False is left out."""
    said = "".join(
        _attribute(key, value) for key, value in (attributes or {}).items() if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(content)}</{name}>")


def joined(pieces: Iterable[str]) -> Html:
    """Put pieces together."""
    return Html("".join(piece if isinstance(piece, Html) else escape(piece) for piece in pieces))


def _attribute(name: str, value: str | int | bool) -> str:
    # `class_` and `for_` are no words of Python's.
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"'
