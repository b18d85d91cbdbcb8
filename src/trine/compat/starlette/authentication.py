"""`starlette.authentication`: who asks, and what they may do."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from .exceptions import HTTPException
from .requests import HTTPConnection, Request
from .responses import RedirectResponse
from .routes import is_async_callable
from .websockets import WebSocket

F = TypeVar("F", bound=Callable[..., Any])


class AuthenticationError(Exception):
    """Credentials that are there, but are not good."""


class AuthCredentials:
    """What somebody may do, as names."""

    def __init__(self, scopes: Sequence[str] | None = None) -> None:
        self.scopes = list(scopes or ())


class BaseUser:
    """Somebody who asks."""

    @property
    def is_authenticated(self) -> bool:
        """Whether it is known who asks."""
        raise NotImplementedError

    @property
    def display_name(self) -> str:
        """How the user is called on a page."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """What the user is known by."""
        raise NotImplementedError


class SimpleUser(BaseUser):
    """A known user with a name and nothing else."""

    def __init__(self, username: str) -> None:
        self.username = username

    is_authenticated = True

    @property
    def display_name(self) -> str:
        """The name."""
        return self.username

    @property
    def identity(self) -> str:
        """The name."""
        return self.username


class UnauthenticatedUser(BaseUser):
    """Somebody who has not said who they are."""

    is_authenticated = False
    display_name = ""
    identity = ""


class AuthenticationBackend:
    """Finds out who asks."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Give credentials and user, or None for somebody unknown. Raises `AuthenticationError`."""
        raise NotImplementedError


def has_required_scope(conn: HTTPConnection, scopes: Sequence[str]) -> bool:
    """Whether a connection has all of these scopes."""
    return all(scope in conn.auth.scopes for scope in scopes)


def requires(scopes: str | Sequence[str], status_code: int = 403, redirect: str | None = None) -> Callable[[F], F]:
    """Let an endpoint answer only those who have all of these scopes; others get the status, or are sent to a named route."""
    guard = _Guard([scopes] if isinstance(scopes, str) else list(scopes), status_code, redirect)

    def guarded(function: F) -> F:
        names = list(inspect.signature(function).parameters)
        if "websocket" in names:
            chosen = guard.around_socket(function, names.index("websocket"))
        elif "request" not in names:
            raise TypeError(f'No "request" or "websocket" argument on function "{function}"')
        elif is_async_callable(function):
            chosen = guard.around_async(function, names.index("request"))
        else:
            chosen = guard.around_sync(function, names.index("request"))
        return wraps(function)(chosen)  # type: ignore[return-value] # called as the function is

    return guarded


@dataclass(frozen=True)
class _Guard:
    """Who may pass, and what happens to others."""

    scopes: list[str]
    status_code: int
    redirect: str | None

    def around_socket(self, function: Callable[..., Any], position: int) -> Callable[..., Any]:
        async def guarded_socket(*args: Any, **kwargs: Any) -> None:
            websocket: WebSocket = kwargs.get("websocket") or args[position]
            if has_required_scope(websocket, self.scopes):
                await function(*args, **kwargs)
            else:
                await websocket.close()

        return guarded_socket

    def around_async(self, function: Callable[..., Any], position: int) -> Callable[..., Any]:
        async def guarded_async(*args: Any, **kwargs: Any) -> Any:
            refusal = self._refusal(kwargs.get("request") or args[position])
            return await function(*args, **kwargs) if refusal is None else refusal

        return guarded_async

    def around_sync(self, function: Callable[..., Any], position: int) -> Callable[..., Any]:
        def guarded_sync(*args: Any, **kwargs: Any) -> Any:
            refusal = self._refusal(kwargs.get("request") or args[position])
            return function(*args, **kwargs) if refusal is None else refusal

        return guarded_sync

    def _refusal(self, request: Request) -> RedirectResponse | None:
        if has_required_scope(request, self.scopes):
            return None
        if self.redirect is None:
            raise HTTPException(status_code=self.status_code)
        query = urlencode({"next": str(request.url)})
        return RedirectResponse(f"{request.url_for(self.redirect)}?{query}", status_code=303)
