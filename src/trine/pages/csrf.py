"""Cross-site request forgery: what changes something carries a token that only this site's own pages know."""

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from secrets import token_bytes
from typing import NoReturn
from urllib.parse import quote

from trine.errors import HTTPException
from trine.http import Request
from trine.middleware.session_values import CSRF
from trine.security import SameOrigin

from .context import PageContext, here

logger = logging.getLogger("trine.pages")

FIELD = "csrf_token"
HEADERS = ("x-csrf-token", "x-csrftoken")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LENGTH = 16


class CSRFError(HTTPException):
    """A request that changes something, and does not come from a page of this site, or of this visitor."""

    title = "This form was not accepted"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        """What was wrong, for the log."""
        super().__init__(
            403,
            "It may have been open for too long, or the browser keeps no cookies. Go back, reload the page, and send it again.",
        )


def csrf_token() -> str:
    """The visitor's token, for the field `csrf_token` of a form or the header `X-CSRF-Token` of a script.

    It is written otherwise in each answer, so that compression tells nobody about it (BREACH); all of them count as long as
    the session lasts.
    """
    context = here("csrf_token()")
    if context.csrf_token is None:
        session = context.session
        secret = session.get(CSRF)
        if not isinstance(secret, str):
            if context.is_answered:
                raise RuntimeError(
                    "csrf_token() is asked for the first time while the page is being sent: the cookie that it belongs to "
                    "comes too late. Call csrf_token() before the stream begins."
                )
            secret = session[CSRF] = token_bytes(_LENGTH).hex()
        mask = token_bytes(_LENGTH)
        context.csrf_token = urlsafe_b64encode(mask + _xor(mask, bytes.fromhex(secret))).decode().rstrip("=")
    return context.csrf_token


class Markup(str):
    """HTML that templates leave as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def csrf_field() -> Markup:
    """The hidden field with the visitor's token, for a form of a template."""
    return Markup(f'<input type="hidden" name="{FIELD}" value="{csrf_token()}">')


def check_origin(request: Request, same_origin: SameOrigin) -> None:
    """Refuse what another site's page has sent, before its body is read. Raises `CSRFError`."""
    if not same_origin.allows(request):
        _refuse(request, "it comes from another site")


def check_token(request: Request, context: PageContext) -> None:
    """Refuse what carries no token of this visitor. Raises `CSRFError`."""
    reason = _problem(request, context)
    if reason:
        _refuse(request, reason)


def _refuse(request: Request, reason: str) -> NoReturn:
    logger.warning("%s %s is refused: %s", request.method, quote(request.path, safe="/:@!$&'()*+,;=~-._ "), reason)
    raise CSRFError(reason)


def _problem(request: Request, context: PageContext) -> str:
    sent = next((line for name in HEADERS if (line := request.headers.get(name))), None)
    if sent is None and context.request is not None:
        field = context.request.form.get(FIELD)
        sent = field if isinstance(field, str) else None
    if not sent:
        return "it has no CSRF token"
    secret = context.session.get(CSRF)
    if not isinstance(secret, str):
        return "it has a CSRF token, and its session has none"
    return "" if compare_digest(_unmasked(sent), bytes.fromhex(secret)) else "its CSRF token is not that of the session"


def _unmasked(token: str) -> bytes:
    try:
        data = urlsafe_b64decode(f"{token}=")
    except ValueError:
        return b""
    return _xor(data[:_LENGTH], data[_LENGTH:]) if len(data) == 2 * _LENGTH else b""


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(_LENGTH)
