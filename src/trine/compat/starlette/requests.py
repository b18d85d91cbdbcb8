"""`starlette.requests`: requests made from an ASGI scope."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, ItemsView, Iterator, KeysView, ValuesView
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from functools import cached_property
from http.cookies import _unquote as unquote_cookie
from typing import Any, Generic, NoReturn, TypeVar

from trine.errors import BodyTooLarge, ClientDisconnect, HTTPException
from trine.http import FormData, Headers
from trine.server.asgi import ASGIConnection, ASGIRequest
from trine.types import Message, Receive, Scope, Send, State

from .datastructures import URL
from .loops import is_asyncio

T = TypeVar("T")

__all__ = ["ClientDisconnect", "HTTPConnection", "Request", "empty_receive", "empty_send"]

_MAX_COOKIE_LINE = 64 * 1024

EXIT_STACK = "trine.exit_stack"


def filled(scope: Scope) -> Scope:
    """Give a scope with what every server puts into it: tests make smaller ones."""
    return scope if "path" in scope and "method" in scope else {"path": "", "method": "", **scope}


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
        super().__init__(filled(scope))
        self.scope = scope

    @cached_property
    def url(self) -> URL:
        """The URL that the client asked for."""
        return URL(scope=self.scope)

    @cached_property
    def base_url(self) -> URL:
        """The URL of the outermost application's root, with a slash at its end."""
        root = self.scope.get("app_root_path", self.scope.get("root_path", ""))
        return URL(scope={**self.scope, "path": f"{root.rstrip('/')}/", "query_string": b""})

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies by name, as browsers read them: of two with one name the last one counts."""
        return cookie_parser("; ".join(self.headers.getlist("cookie")))

    @cached_property
    def headers(self) -> Headers:
        """The header lines, in order, with case-insensitive names."""
        return Headers(raw=self.scope.get("headers", []))

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
        if hasattr(session, "accessed"):
            session.accessed = True
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
        if hasattr(made, "make_absolute_url"):
            return made.make_absolute_url(self.base_url)  # type: ignore[no-any-return] # a router of any kind made it
        return URL(str(self.base_url).rstrip("/") + str(made))


def cookie_parser(cookie_string: str) -> dict[str, str]:
    """Read a Cookie line as browsers write it, also what RFC 6265 forbids: text without `=` is a value without a name."""
    found: dict[str, str] = {}
    for piece in cookie_string[:_MAX_COOKIE_LINE].split(";"):
        name, equals, value = piece.partition("=")
        name, value = (name.strip(), value.strip()) if equals else ("", name.strip())
        if name or value:
            found[name] = unquote_cookie(value)
    return found


class _Absent:
    """An attribute that is not there until somebody sets it, whatever a base class says."""

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AttributeError("not read yet")


class Request(HTTPConnection, ASGIRequest):
    """An HTTP request."""

    def __init__(self, scope: Scope, receive: Receive = empty_receive, send: Send = empty_send) -> None:
        if scope["type"] != "http":
            raise AssertionError(f"A scope of type {scope['type']!r} is no request.")
        ASGIRequest.__init__(self, filled(scope), receive)
        self.scope = scope
        self._send_message = send
        self.is_consumed = False
        self._is_passed_on = False

    @property
    def body_limit(self) -> int | None:
        """The most bytes that the body may have: the scope says it, so that middleware and handler agree."""
        # Where a middleware counts already, it says what is too much.
        limit: int | None = None if "trine.body_limit" in self.scope else self.scope.get("trine.max_body_size")
        return limit

    @body_limit.setter
    def body_limit(self, limit: int | None) -> None:
        # A compiled route passes on what Trine's own applications decide at start-up; here the scope decides.
        return

    # Subclasses ask hasattr(self, "_body") whether somebody has read it.
    _body: Any = _Absent()

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Give the body in chunks as they arrive, within the route's limit. The last chunk is empty."""
        if "_body" in vars(self):
            yield self._body
            yield b""
            return
        if self.is_consumed:
            raise RuntimeError("Stream consumed")
        received, declared, limit = 0, self.headers.content_length, self.body_limit
        if limit is not None and declared is not None and declared > limit:
            raise BodyTooLarge(declared, limit)
        while not self.is_consumed:
            # What a look for a disconnect has found comes first.
            message = self._unread.popleft() if self._unread else await self._receive()
            if message["type"] == "http.disconnect":
                self._left = True
                raise ClientDisconnect("The client left before its request was complete.")
            chunk = message.get("body", b"")
            self.is_consumed = not message.get("more_body", False)
            received += len(chunk)
            if limit is not None and received > limit:
                raise BodyTooLarge(None, limit)
            if chunk:
                yield chunk
        yield b""

    # What a middleware leaves to the application below it --------------------------------------------------------------

    @property
    def has_left(self) -> bool:
        """Whether the client is known to have left."""
        return self._left

    def take_body(self) -> bytes | None:
        """Give a body that was read here, once; nothing at all where it was read and not kept."""
        if self._is_passed_on or not self.is_consumed:
            return None
        self._is_passed_on = True
        body: bytes = vars(self).get("_body", b"")
        return body

    async def receive_part(self) -> Message:
        """Receive on behalf of somebody else, and note how far the request has come."""
        message = self._unread.popleft() if self._unread else await self._receive()
        if message["type"] == "http.disconnect":
            self._left = True
        elif not message.get("more_body", False):
            self.is_consumed = self._is_passed_on = True
        return message

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
        if self._form is None:
            self._form = await self._parse_form()
            if self._form:
                self.exit_stack.push_async_callback(self._form.close)
        return self._form

    async def _parse_form(self) -> FormData:
        from .formparsers import FormParser, MultiPartException, MultiPartParser

        most = self.form_limits
        fields = {"max_fields": most.max_fields, "max_part_size": most.max_part_size}
        try:
            if self.headers.content_type == "multipart/form-data":
                return await MultiPartParser(self.headers, self.stream(), max_files=most.max_files, **fields).parse()
            if self.headers.content_type == "application/x-www-form-urlencoded":
                return await FormParser(self.headers, self.stream(), **fields).parse()
        except MultiPartException as error:
            if "app" not in self.scope:
                raise
            # Perhaps in the middle of the form: the rest is not waited for.
            raise HTTPException(400, error.message, {"connection": "close"}) from error
        return FormData([])

    async def is_disconnected(self) -> bool:
        """Whether the client has left, asked without waiting."""
        if is_asyncio():
            return await ASGIRequest.is_disconnected(self)
        import anyio

        message: Message = {}
        if not self._left:
            with anyio.CancelScope() as asking:
                asking.cancel()
                message = await self._receive()
            self._left = message.get("type") == "http.disconnect"
            if message and not self._left:
                self._unread.append(message)
        return self._left

    async def close(self) -> None:
        """Close the files of the form."""
        if self._form is not None:
            await self._form.close()

    async def send_push_promise(self, path: str) -> None:
        """Announce a path to a client whose server can push. Deprecated: browsers have given push up."""
        if "http.response.push" in self.scope.get("extensions", {}):
            raw = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name in ("accept", "accept-encoding", "accept-language", "cache-control", "user-agent")
                for value in self.headers.getlist(name)
            ]
            await self._send_message({"type": "http.response.push", "path": path, "headers": raw})

    async def send_early_hints(self, *links: str) -> None:
        """Tell the client what it will need, before the answer (103), where the server can."""
        if "http.response.early_hint" in self.scope.get("extensions", {}):
            lines = [link.encode("latin-1") for link in links]
            await self._send_message({"type": "http.response.early_hint", "links": lines})


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
