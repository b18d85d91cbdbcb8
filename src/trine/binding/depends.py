"""Declare what a function needs: `Depends` and `Security`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Depends:
    """Call a function and pass its value. The dependency's own parameters are inputs and dependencies again.

    A dependency is called once per request however often it is named, unless `use_cache` is False. One that yields
    runs its clean-up when the function returned (`scope="function"`), or after the response was sent ("request").
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None

    def __hash__(self) -> int:
        return hash((id(self.dependency), self.use_cache, self.scope))


@dataclass(frozen=True)
class Security(Depends):
    """A dependency that checks who asks. `scopes` add up along the chain and reach it as `SecurityScopes`."""

    scopes: Sequence[str] = ()

    def __init__(
        self,
        dependency: Callable[..., Any] | None = None,
        *,
        scopes: Sequence[str] | None = None,
        use_cache: bool = True,
        scope: Literal["function", "request"] | None = None,
    ) -> None:
        object.__setattr__(self, "dependency", dependency)
        object.__setattr__(self, "use_cache", use_cache)
        object.__setattr__(self, "scope", scope)
        object.__setattr__(self, "scopes", tuple(scopes or ()))

    def __hash__(self) -> int:
        return hash((id(self.dependency), self.use_cache, self.scope, tuple(self.scopes)))


class SecurityScopes:
    """The scopes that the chain above a security dependency asks for."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())
        self.scope_str = " ".join(self.scopes)
