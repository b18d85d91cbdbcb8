"""`starlette.requests`: requests made from an ASGI scope."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, ItemsView, Iterator, KeysView, ValuesView
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Any, Generic, NoReturn, TypeVar

from trine.errors import BodyTooLarge, ClientDisconnect, HTTPException
from trine.http import URL, FormData, Headers
from trine.server.asgi import ASGIConnection, ASGIRequest
from trine.types import Message, Receive, Scope, Send, State

T = TypeVar("T")

__all__ = ["ClientDisconnect", "HTTPConnection", "Request", "empty_receive", "empty_send"]

EXIT_STACK = "trine.exit_stack"


async def empty_receive() -> NoReturn:
    """Stand in for a receive channel that nobody gave."""
    raise RuntimeError("Receive channel has not been made available")


async def empty_send(message: Message) -> NoReturn:
    """Stand in for a send channel that nobody gave."""
    raise RuntimeError("Send channel has not been made available")


class HTTPConnection(ASGIConnection):
    """A scope, read as a request or a WebSocket handshake. It is also a mapping of the scope's own keys."""

    scope: Scope

    def __init__(self, scope: Scope, receive: Receive | None = None) -> None:
        if scope["type"] not in ("http", "websocket"):
            raise AssertionError(f"A scope of type {scope['type']!r} is no connection.")
        super().__init__(scope)

    def __iter__(self) -> Iterator[str]:
        return iter(self.scope)

    def __len__(self) -> int:
        return len(self.scope)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def keys(self) -> KeysView[str]:
        """The scope's keys."""
        return self.scope.keys()

    def values(self) -> ValuesView[Any]:
        """The scope's values."""
        return self.scope.values()

    def items(self) -> ItemsView[str, Any]:
        """The scope's pairs."""
        return self.scope.items()

    def get(self, key: str, default: Any = None) -> Any:
        """A value of the scope."""
        return self.scope.get(key, default)

    # What middleware and routers leave in the scope ------------------------------------------------------------------

    @property
    def app(self) -> Any:
        """The application that answers."""
        return self.scope["app"]

    @app.setter
    def app(self, value: Any) -> None:
        if value is not None:
            self.scope["app"] = value

    @property
    def path_params(self) -> dict[str, Any]:
        """The path's parameters."""
        params: dict[str, Any] = self.scope.get("path_params", {})
        return params

    @path_params.setter
    def path_params(self, value: dict[str, Any]) -> None:
        if value:
            self.scope["path_params"] = value

    @property
    def session(self) -> dict[str, Any]:
        """The session that `SessionMiddleware` loaded."""
        if "session" not in self.scope:
            raise AssertionError("SessionMiddleware must be installed to access request.session")
        session: dict[str, Any] = self.scope["session"]
        return session

    @property
    def auth(self) -> Any:
        """What the user may do, set by `AuthenticationMiddleware`."""
        if "auth" not in self.scope:
            raise AssertionError("AuthenticationMiddleware must be installed to access request.auth")
        return self.scope["auth"]

    @property
    def user(self) -> Any:
        """Who asks, set by `AuthenticationMiddleware`."""
        if "user" not in self.scope:
            raise AssertionError("AuthenticationMiddleware must be installed to access request.user")
        return self.scope["user"]

    @property
    def state(self) -> State:
        """What this request carries along; it lies in the scope, so that middleware and handler share it."""
        if not hasattr(self, "_state"):
            self._state = State(self.scope.setdefault("state", {}))
        return self._state

    @property
    def exit_stack(self) -> AsyncExitStack:
        """Clean-up after the response. It lies in the scope: whoever wraps a request shares it."""
        stack: AsyncExitStack = self.scope.setdefault(EXIT_STACK, AsyncExitStack())
        return stack

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """Build the absolute URL of a named route."""
        router = self.scope.get("router") or self.scope.get("app")
        if router is None:
            raise RuntimeError("The `url_for` method can only be used inside a Starlette application or with a router.")
        made = router.url_path_for(name, **path_params)
        return made.make_absolute_url(self._application_url) if hasattr(made, "make_absolute_url") else super().url_for(name)

    @property
    def _application_url(self) -> URL:
        """Where the outermost application begins: named routes are looked up there, below any mount."""
        root = self.scope.get("app_root_path", self.scope.get("root_path", ""))
        return self.base_url.replace(path=f"{root}/", query="")


class _Absent:
    """An attribute that is not there until somebody sets it, whatever a base class says."""

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AttributeError("not read yet")


class Request(HTTPConnection, ASGIRequest):
    """An HTTP request."""

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        if scope["type"] != "http":
            raise AssertionError(f"A scope of type {scope['type']!r} is no request.")
        ASGIRequest.__init__(self, scope, receive)
        self._send_message = send

    @property
    def body_limit(self) -> int | None:
        """The most bytes that the body may have: the scope says it, so that middleware and handler agree."""
        limit: int | None = self.scope.get("trine.max_body_size")
        return limit

    @body_limit.setter
    def body_limit(self, limit: int | None) -> None:
        # A compiled route passes on what Trine's own applications decide at start-up; here the scope decides.
        return

    # Subclasses ask hasattr(self, "_body") whether somebody has read it.
    _body: Any = _Absent()

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Give the body in chunks as they arrive, within the route's limit."""
        kept = vars(self).get("_body")
        if kept is not None:
            yield kept
            return
        if vars(self).get("_streamed"):
            raise RuntimeError("Stream consumed")
        self._streamed = True
        received, declared, limit = 0, self.headers.content_length, self.body_limit
        if limit is not None and declared is not None and declared > limit:
            raise BodyTooLarge(declared, limit)
        more = True
        while more:
            # What a look for a disconnect has found comes first.
            message = self._unread.popleft() if self._unread else await self._receive()
            if message["type"] == "http.disconnect":
                self._left = True
                raise ClientDisconnect("The client left before its request was complete.")
            chunk, more = message.get("body", b""), message.get("more_body", False)
            received += len(chunk)
            if limit is not None and received > limit:
                raise BodyTooLarge(None, limit)
            if chunk:
                yield chunk

    async def body(self) -> bytes:
        """Return the whole body, reading it once."""
        if "_body" not in vars(self):
            async with aclosing(self.stream()) as stream:
                self._body = b"".join([chunk async for chunk in stream])
        body: bytes = self._body
        return body

    async def json(self) -> Any:
        """Return the body decoded from JSON."""
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body())
        return self._json

    def assume_json(self) -> None:
        """Read the body as JSON although no header says so."""
        self.headers = Headers([*self.headers.items(), ("content-type", "application/json")])

    @property
    def receive(self) -> Receive:
        """The channel that the body comes from."""
        return self._receive

    def form(  # type: ignore[override] # awaited as before, and entered as FastAPI's users write it
        self, *, max_files: int | float | None = None, max_fields: int | float | None = None, max_part_size: int | None = None
    ) -> "AwaitableOrContextManager[FormData]":
        """Read a form: `await request.form()`, or `async with request.form() as form`, which closes its files."""
        given = {"max_files": max_files, "max_fields": max_fields, "max_part_size": max_part_size}
        chosen = {name: int(value) for name, value in given.items() if value is not None}
        return AwaitableOrContextManager(lambda: self._read_form(chosen))

    async def _read_form(self, limits: dict[str, Any]) -> FormData:
        self.form_limits = replace(self.form_limits, **limits)
        try:
            return await ASGIRequest.form(self)
        except HTTPException:
            raise
        except ValueError as error:
            raise HTTPException(400, str(error)) from error

    async def close(self) -> None:
        """Close the files of the form."""
        if self._form is not None:
            await self._form.close()

    async def send_push_promise(self, path: str) -> None:
        """Announce a path to a client whose server can push."""
        if "http.response.push" in self.scope.get("extensions", {}):
            raw = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name in ("accept", "accept-encoding", "accept-language", "cache-control", "user-agent")
                for value in self.headers.getlist(name)
            ]
            await self._send_message({"type": "http.response.push", "path": path, "headers": raw})


class AwaitableOrContextManager(Generic[T]):
    """A value that can be awaited, or entered and closed at the end of the block."""

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._made: Any = None

    def __await__(self) -> Generator[Any, None, T]:
        return self._make().__await__()

    async def __aenter__(self) -> T:
        self._made = await self._make()
        return self._made  # type: ignore[no-any-return] # what was made a line above

    async def __aexit__(self, *failure: object) -> None:
        await self._made.close()
