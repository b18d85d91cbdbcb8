"""The one family of exceptions.

TrineError
├── SetupError                      a mistake in an application's declarations, found at start-up
├── HTTPException                   an answer with a status, raised instead of returned
│   ├── BadRequest                  400: the request cannot be understood
│   ├── RequestTimeout              408: the client was too slow
│   ├── BodyTooLarge                413: more bytes than the route accepts
│   ├── UnsupportedEncoding         415: a body that was compressed, where nobody decompresses
│   ├── HeadersTooLarge             431: more header lines or bytes than the application accepts
│   ├── TooBusy                     503: as many requests as the limit allows are running, and enough of them wait
│   └── HandlerTimeout              503: the handler took longer than the route allows
├── ValidationFailure
│   ├── RequestValidationError      422: inputs that do not fit the signature, all of them at once
│   ├── WebSocketRequestValidationError
│   └── ResponseValidationError     500: a handler's value that does not fit its response model
├── BadSignature                    a signed text that was changed, or signed with another key
│   └── SignatureExpired            one that was signed too long ago
├── UnsafeHeader                    a header that would break the answer, most likely made from what a client sent
├── WebSocketException              close a WebSocket with a code
│   ├── BrokenMessage               1007: a message that is not the text or JSON that was asked for
│   │   └── MessageValidationError  1007: a message that does not fit the model that it should be
│   └── LimitExceeded               1008, 1009: a client that sends too much, or nothing, or does not read
├── WebSocketDisconnect             the other side closed the WebSocket
└── ClientDisconnect                the client left before its body was read
    └── BrokenBody                  or sent a body whose chunks are broken: some servers tell no difference
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any


class TrineError(Exception):
    """The root of everything that Trine raises on purpose."""


class SetupError(TrineError):
    """A mistake in an application's declarations. Found at start-up, all at once, each with a hint."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", problems: "Sequence[SetupError]" = ()) -> None:
        self.message = message
        self.hint = hint
        self.where = where
        self.problems = tuple(problems) or (self,)
        super().__init__(self._text())

    @classmethod
    def together(cls, problems: "Sequence[SetupError]", what: str = "the application's declarations") -> "SetupError":
        """One error for many: the message lists every problem with its hint."""
        if len(problems) == 1:
            return problems[0]
        lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, 1))
        return cls(f"{len(problems)} problems in {what}:\n{lines}", problems=problems)

    def _text(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.message}{place}{' ' + self.hint if self.hint else ''}"


class HTTPException(TrineError):
    """Answer with a status instead of a value. `detail` may be anything that JSON can say."""

    def __init__(self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status_code
        self.detail = status_phrase(status_code) if detail is None else detail
        self.headers = headers
        super().__init__(status_code, self.detail)

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status_code={self.status_code!r}, detail={self.detail!r})"


class BadRequest(HTTPException):
    """The request cannot be understood: broken syntax, encoding or framing."""

    def __init__(self, detail: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(400, detail, headers)


class RequestTimeout(HTTPException):
    """The client sent its request too slowly."""

    def __init__(self, seconds: float) -> None:
        super().__init__(408, f"The request was not complete after {seconds:g} seconds.", {"connection": "close"})


class RequestTooLarge(HTTPException):
    """The request passes a limit of size or number. The client is told which, and so is the log."""


class BodyTooLarge(RequestTooLarge):
    """The body is larger than the route accepts. `size` is None while it is not fully known."""

    def __init__(self, size: int | None, limit: int) -> None:
        said = "larger" if size is None else f"{size} bytes, more"
        message = f"The request body is {said} than the {limit} bytes that are accepted here."
        # The rest of the body is not waited for.
        super().__init__(413, message, {"connection": "close"})


class UnsupportedEncoding(HTTPException):
    """The body has a `Content-Encoding` that nothing here decodes. `accepted` is what would be."""

    def __init__(self, coding: str, accepted: Sequence[str] = ()) -> None:
        detail = f"The content encoding '{coding[:100]}' is not accepted here."
        # RFC 9110 §15.5.16: so that the client knows what to do instead.
        super().__init__(415, detail, {"accept-encoding": ", ".join(accepted) or "identity"})


class FormTooLarge(RequestTooLarge):
    """A form has more parts, or larger ones, than the route accepts."""

    def __init__(self, message: str) -> None:
        # The rest of the form is not waited for.
        super().__init__(400, message, {"connection": "close"})


class HeadersTooLarge(RequestTooLarge):
    """The request has more header lines, or more bytes in them, than the application accepts."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(431, f"The request has more than {limit} {what}.", {"connection": "close"})


class TooBusy(HTTPException):
    """As many requests are running as the limit allows, and the line is too long, or the wait was. Another attempt is welcome."""

    def __init__(self, running: int, waiting: int, *, retry_after: float | None = None) -> None:
        self.running, self.waiting = running, waiting
        message = f"{running} requests are running here and {waiting} are waiting, as many as may. Try again soon."
        super().__init__(503, message, {"retry-after": str(max(1, ceil(retry_after or 1)))})


class HandlerTimeout(HTTPException):
    """The handler did not finish in the time that its route allows."""

    def __init__(self, seconds: float) -> None:
        super().__init__(503, f"The request was not answered within {seconds:g} seconds.")


class ValidationFailure(TrineError):
    """Values that do not fit their declaration, as a list of dicts with `type`, `loc`, `msg` and `input`."""

    def __init__(self, errors: Sequence[Any], *, body: Any = None) -> None:
        self._errors = errors
        self.body = body
        super().__init__(errors)

    def errors(self) -> Sequence[Any]:
        """Every failure: `type`, `loc` (where), `msg`, `input` and, where there is one, `ctx`."""
        return self._errors

    def __str__(self) -> str:
        lines = "\n".join(f"  {'.'.join(map(str, e.get('loc', ())))}: {e.get('msg', '')}" for e in self._errors)
        count = len(self._errors)
        return f"{count} validation error{'s' if count != 1 else ''}:\n{lines}"


class RequestValidationError(ValidationFailure):
    """Inputs of a request that do not fit the handler's signature, all of them at once."""

    _body: Any

    @property
    def body(self) -> Any:
        """What was sent: the value of a JSON body, a form, or the bytes where they are no JSON. None without a body."""
        if isinstance(self._body, bytes):
            try:
                self._body = json.loads(self._body)
            except (ValueError, RecursionError):
                return self._body
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        self._body = body


class WebSocketRequestValidationError(ValidationFailure):
    """Inputs of a WebSocket handshake that do not fit the handler's signature."""


class ResponseValidationError(ValidationFailure):
    """A handler returned something that its response model does not allow: the application's mistake, not the client's."""


class SwallowedException(TrineError, RuntimeError):
    """A dependency with `yield` caught an exception and did not raise it again, so that nothing is left to answer."""

    def __init__(self) -> None:
        super().__init__("A dependency with yield swallowed an exception: it must raise it again.")


class BadSignature(TrineError):
    """A signed text that was changed, or was signed with another key or for another purpose."""


class SignatureExpired(BadSignature):
    """A signed text that was signed too long ago."""


class UnsafeHeader(TrineError, ValueError):
    """A header that would break the answer: line breaks, control characters, what no header may have.

    Nobody writes such a header on purpose. It comes from what a client sent, and the client gets a 400.
    """


class WebSocketException(TrineError):
    """Close a WebSocket with a code (RFC 6455 §7.4) and a reason of at most 123 bytes."""

    def __init__(self, code: int, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""
        super().__init__(code, self.reason)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, reason={self.reason!r})"


class BrokenMessage(WebSocketException, ValueError):
    """A message that is not the text or JSON that was asked for. The WebSocket is closed with 1007 where nobody catches it."""

    def __init__(self, reason: str) -> None:
        super().__init__(1007, reason[:100])


class MessageValidationError(BrokenMessage, ValidationFailure):
    """A message that does not fit its model. Where nobody catches it, the client gets the list and is closed with 1007."""

    def __init__(self, errors: Sequence[Any], *, body: Any = None) -> None:
        ValidationFailure.__init__(self, errors, body=body)
        text = ValidationFailure.__str__(self).replace("\n ", "")
        self.code = 1007
        self.reason = text.encode()[:120].decode(errors="ignore")

    def __str__(self) -> str:
        return ValidationFailure.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._errors!r})"


class LimitExceeded(WebSocketException):
    """A WebSocket's client sends too much or too fast, stays silent, or does not read: the reason names the limit."""


class WebSocketDisconnect(TrineError):
    """The other side closed the WebSocket, or went away (code 1006)."""

    def __init__(self, code: int = 1000, reason: str | None = None) -> None:
        self.code = code
        self.reason = reason or ""
        super().__init__(code, self.reason)


class ClientDisconnect(TrineError):
    """The client left before its request was complete."""


class BrokenBody(ClientDisconnect):
    """The body ended before it was complete. Either the client left, or its framing is broken: then it reads a 400."""


def status_phrase(status_code: int) -> str:
    """Give the words for a status: "Not Found" for 404, and an empty text for a code that has none."""
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return ""
