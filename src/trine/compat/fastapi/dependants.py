"""What a route depends on, as programs look at it that were written for FastAPI: `route.dependant.dependencies[0].call`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trine.binding.signature import Call


@dataclass(frozen=True)
class Dependant:
    """A function that a route calls, and those whose values it takes. To be looked at: changing it changes nothing."""

    call: Callable[..., Any]
    name: str | None = None
    path: str | None = None
    use_cache: bool = True
    scope: str | None = None
    dependencies: "list[Dependant]" = field(default_factory=list)

    @classmethod
    def of(cls, call: Call, *, name: str | None = None, path: str | None = None) -> "Dependant":
        """Look at a call that was read from a signature."""
        inner = [cls.of(one, name=parameter, path=path) for parameter, one in call.dependencies]
        return cls(call.declared or call.function, name, path, call.use_cache, call.scope, inner)
