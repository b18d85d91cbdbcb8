"""HTTP: what a request and a response are."""

from collections.abc import Awaitable, Callable

from .background import BackgroundTask, BackgroundTasks
from .connection import Connection
from .cookies import parse_cookies, render_cookie
from .file_response import FileResponse
from .form import FormData, UploadFile
from .gather import gather_body
from .headers import Headers, MutableHeaders
from .multipart_reader import FormLimits, MultipartError
from .negotiate import best_match
from .parts import Part
from .query import ImmutableMultiDict, MultiDict, QueryParams, TooManyFields, last_values, parse_query
from .representations import CSVResponse, MsgPackResponse
from .request import Request
from .response import (
    HTMLResponse,
    JSONLinesResponse,
    JSONResponse,
    PlainTextResponse,
    ReadyResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from .sse import EventSourceResponse, ServerSentEvent
from .url import URL, Address

Handler = Callable[[Request], Awaitable[Response]]

__all__ = [
    "URL",
    "Address",
    "BackgroundTask",
    "BackgroundTasks",
    "CSVResponse",
    "Connection",
    "EventSourceResponse",
    "FileResponse",
    "FormData",
    "FormLimits",
    "HTMLResponse",
    "Handler",
    "Headers",
    "ImmutableMultiDict",
    "JSONLinesResponse",
    "JSONResponse",
    "MsgPackResponse",
    "MultiDict",
    "MultipartError",
    "MutableHeaders",
    "Part",
    "PlainTextResponse",
    "QueryParams",
    "ReadyResponse",
    "RedirectResponse",
    "Request",
    "Response",
    "ServerSentEvent",
    "StreamingResponse",
    "TooManyFields",
    "UploadFile",
    "best_match",
    "gather_body",
    "last_values",
    "parse_cookies",
    "parse_query",
    "render_cookie",
]
