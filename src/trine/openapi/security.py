"""Who may call: the security schemes that an operation's dependencies check."""

from dataclasses import dataclass
from typing import Any

from trine.binding.signature import Call


@dataclass(frozen=True)
class Requirement:
    """A scheme that an operation checks, and the scopes that it asks for."""

    name: str
    model: dict[str, Any]
    """The scheme as OpenAPI writes it (OpenAPI 3.1 §4.8.27)."""
    scopes: tuple[str, ...]


def read_requirements(call: Call) -> list[Requirement]:
    """List the schemes below a handler. Scopes that reach one scheme on several ways are joined."""
    found: dict[str, Requirement] = {}
    for inner in call.walk():
        name, model = getattr(inner.function, "scheme_name", None), getattr(inner.function, "model", None)
        if not isinstance(name, str) or not isinstance(model, dict):
            continue
        known = found.get(name, Requirement(name, model, ()))
        found[name] = Requirement(name, model, tuple(dict.fromkeys((*known.scopes, *inner.scopes))))
    return list(found.values())
