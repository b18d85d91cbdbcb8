"""`starlette.middleware.body_limit`: how many bytes a request may send. A route's limit beats its application's."""

from trine.compat.starlette.datastructures import Headers
from trine.compat.starlette.exceptions import HTTPException
from trine.compat.starlette.responses import PlainTextResponse
from trine.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_SIZE_SCOPE_KEY = "trine.max_body_size"
"""Where a scope says which limit holds."""

LIMIT = "trine.body_limit"
"""Where a scope, and every copy of it, has the limit of the innermost route that said one."""


class ContentTooLarge(HTTPException):
    """The body is larger than what is accepted."""

    def __init__(self) -> None:
        # The rest of the body is not waited for.
        super().__init__(413, "Content Too Large", {"connection": "close"})


class _Limit:
    """A limit that inner routes may change."""

    def __init__(self) -> None:
        self.size = 0


class RequestBodyLimitMiddleware:
    """Answer 413 to a body of more than `max_body_size` bytes: at once where its length is declared, else while it arrives."""

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self.app = app
        self.max_body_size = checked_size(max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit: _Limit = scope.setdefault(LIMIT, _Limit())
        limit.size = self.max_body_size
        declared = Headers(raw=scope["headers"]).content_length or 0
        received, started, refused = 0, False, False

        def check(size: int) -> None:
            nonlocal refused
            if size > limit.size and not refused:
                refused = True
                raise ContentTooLarge

        async def receive_some() -> Message:
            nonlocal received
            check(declared)
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                check(received)
            return message

        async def send_once_checked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                check(declared)
                started = True
            await send(message)

        outer = scope.get(MAX_BODY_SIZE_SCOPE_KEY)
        scope[MAX_BODY_SIZE_SCOPE_KEY] = self.max_body_size
        try:
            await self.app(scope, receive_some, send_once_checked)
        except ContentTooLarge as error:
            if started:
                raise
            await PlainTextResponse(error.detail, 413, error.headers)(scope, receive, send)
        finally:
            scope[MAX_BODY_SIZE_SCOPE_KEY] = outer


def checked_size(size: int) -> int:
    """Give a limit in bytes. Raises ValueError for what is none."""
    if type(size) is not int or size < 0:
        raise ValueError(f"max_body_size must be a non-negative integer or None, not {size!r}.")
    return size
