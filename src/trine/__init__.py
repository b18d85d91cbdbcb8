"""Trine: one web framework for AI-ready backends."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from trine.app import App as App
    from trine.binding import Body as Body
    from trine.binding import Cookie as Cookie
    from trine.binding import Depends as Depends
    from trine.binding import File as File
    from trine.binding import Form as Form
    from trine.binding import Header as Header
    from trine.binding import Path as Path
    from trine.binding import Query as Query
    from trine.binding import Security as Security
    from trine.binding import SecurityScopes as SecurityScopes
    from trine.errors import HTTPException as HTTPException
    from trine.errors import RequestValidationError as RequestValidationError
    from trine.errors import SetupError as SetupError
    from trine.errors import WebSocketDisconnect as WebSocketDisconnect
    from trine.errors import WebSocketException as WebSocketException
    from trine.http import BackgroundTasks as BackgroundTasks
    from trine.http import EventSourceResponse as EventSourceResponse
    from trine.http import FileResponse as FileResponse
    from trine.http import HTMLResponse as HTMLResponse
    from trine.http import JSONLinesResponse as JSONLinesResponse
    from trine.http import JSONResponse as JSONResponse
    from trine.http import PlainTextResponse as PlainTextResponse
    from trine.http import RedirectResponse as RedirectResponse
    from trine.http import Request as Request
    from trine.http import Response as Response
    from trine.http import ServerSentEvent as ServerSentEvent
    from trine.http import StreamingResponse as StreamingResponse
    from trine.http import UploadFile as UploadFile
    from trine.lists import CursorPage as CursorPage
    from trine.lists import Filters as Filters
    from trine.lists import OffsetPage as OffsetPage
    from trine.lists import OrderBy as OrderBy
    from trine.lists import Page as Page
    from trine.lists import PageParams as PageParams
    from trine.lists import Search as Search
    from trine.pages import Blueprint as Blueprint
    from trine.pages import CSRFError as CSRFError
    from trine.pages import MethodView as MethodView
    from trine.pages import Pages as Pages
    from trine.pages import View as View
    from trine.pages import abort as abort
    from trine.pages import after_this_request as after_this_request
    from trine.pages import app_context as app_context
    from trine.pages import csrf_token as csrf_token
    from trine.pages import current_app as current_app
    from trine.pages import flash as flash
    from trine.pages import g as g
    from trine.pages import get_flashed_messages as get_flashed_messages
    from trine.pages import is_safe_redirect as is_safe_redirect
    from trine.pages import jsonify as jsonify
    from trine.pages import load_session as load_session
    from trine.pages import make_response as make_response
    from trine.pages import redirect as redirect
    from trine.pages import render_fragment as render_fragment
    from trine.pages import render_template as render_template
    from trine.pages import render_template_async as render_template_async
    from trine.pages import render_template_string as render_template_string
    from trine.pages import request as request
    from trine.pages import safe_next as safe_next
    from trine.pages import send_file as send_file
    from trine.pages import send_from_directory as send_from_directory
    from trine.pages import session as session
    from trine.pages import stream_template as stream_template
    from trine.pages import stream_with_context as stream_with_context
    from trine.pages import url_for as url_for
    from trine.pages.forms import ModelForm as ModelForm
    from trine.pages.forms import QueryForm as QueryForm
    from trine.pages.forms import Widget as Widget
    from trine.routing import APIRouter as APIRouter
    from trine.routing import APIVersions as APIVersions
    from trine.routing import Deprecation as Deprecation
    from trine.routing import route_options as route_options
    from trine.settings import Settings as Settings
    from trine.staticfiles import StaticFiles as StaticFiles
    from trine.websocket import WebSocket as WebSocket

# The public names, listed once; each is loaded on first use (PEP 562), so that `import trine` stays cheap.
_HOMES = {
    "app": ["App"],
    "binding": ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security", "SecurityScopes"],
    "errors": ["HTTPException", "RequestValidationError", "SetupError", "WebSocketDisconnect", "WebSocketException"],
    "http": [
        "BackgroundTasks",
        "EventSourceResponse",
        "FileResponse",
        "HTMLResponse",
        "JSONLinesResponse",
        "JSONResponse",
        "PlainTextResponse",
        "RedirectResponse",
        "Request",
        "Response",
        "ServerSentEvent",
        "StreamingResponse",
        "UploadFile",
    ],
    "lists": ["CursorPage", "Filters", "OffsetPage", "OrderBy", "Page", "PageParams", "Search"],
    "pages": [
        "Blueprint",
        "CSRFError",
        "MethodView",
        "Pages",
        "View",
        "abort",
        "after_this_request",
        "app_context",
        "csrf_token",
        "current_app",
        "flash",
        "g",
        "get_flashed_messages",
        "is_safe_redirect",
        "jsonify",
        "load_session",
        "make_response",
        "redirect",
        "render_fragment",
        "render_template",
        "render_template_async",
        "render_template_string",
        "request",
        "safe_next",
        "send_file",
        "send_from_directory",
        "session",
        "stream_template",
        "stream_with_context",
        "stream_template",
        "url_for",
    ],
    "pages.forms": ["ModelForm", "QueryForm", "Widget"],
    "routing": ["APIRouter", "APIVersions", "Deprecation", "route_options"],
    "settings": ["Settings"],
    "staticfiles": ["StaticFiles"],
    "websocket": ["WebSocket"],
}
_ROOMS = {name: room for room, names in _HOMES.items() for name in names}

__all__ = sorted([*_ROOMS, "__version__"])  # noqa: PLE0605 - a list of strings, put together from the table above


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        from trine.familiar import name_elsewhere

        hint = name_elsewhere(name)
        if hint is not None:
            raise ImportError(f"There is no '{name}' in trine itself. {hint}", name=name)
        raise AttributeError(f"module 'trine' has no attribute '{name}'")
    value = getattr(import_module(f"trine.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
