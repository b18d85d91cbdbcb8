"""Declare what a function needs: `Depends` and `Security`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from trine.concurrency import ConcurrencyLimit, limit_of


@dataclass(frozen=True)
class Depends:
    """Call a function and pass its value. The dependency's own parameters are inputs and dependencies again.

    A dependency is called once per request however often it is named, unless `use_cache` is False. One that yields
    runs its clean-up when the function returned (`scope="function"`), or after the response was sent ("request").

    With `max_concurrency`, that many requests in a process use it at the same time, and the rest wait: until the function
    returned, or until its clean-up is done. Every place that uses the same declaration shares its limit; a `ConcurrencyLimit`
    says how long the line may be, and is shared by whoever names it.
    """

    dependency: Callable[..., Any] | None = None
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    max_concurrency: int | ConcurrencyLimit | None = None
    limit: ConcurrencyLimit | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", limit_of(self.max_concurrency))

    def __hash__(self) -> int:
        return hash((id(self.dependency), self.use_cache, self.scope, self.limit))


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
        max_concurrency: int | ConcurrencyLimit | None = None,
    ) -> None:
        object.__setattr__(self, "dependency", dependency)
        object.__setattr__(self, "use_cache", use_cache)
        object.__setattr__(self, "scope", scope)
        object.__setattr__(self, "scopes", tuple(scopes or ()))
        object.__setattr__(self, "max_concurrency", max_concurrency)
        self.__post_init__()

    def __hash__(self) -> int:
        return hash((super().__hash__(), tuple(self.scopes)))


class SecurityScopes:
    """The scopes that the chain above a security dependency asks for."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())
        self.scope_str = " ".join(self.scopes)
