"""Pages: what a browser sees. Templates, sessions, protection against other sites, and the words of Flask for them."""

from .answers import abort, jsonify, make_response, redirect
from .blueprint import Blueprint
from .context import (
    PageContext,
    after_this_request,
    app_context,
    current_app,
    current_context,
    g,
    has_request_context,
    load_session,
    request,
    session,
)
from .csrf import CSRFError, csrf_token
from .flashing import flash, get_flashed_messages
from .plugin import Pages, pages_of
from .rendering import (
    render_fragment,
    render_template,
    render_template_async,
    render_template_string,
    stream_template,
    stream_template_async,
    stream_template_string,
)
from .request import PageRequest
from .sending import send_file, send_from_directory, stream_with_context
from .settings import PagesSettings, SessionSettings
from .stores import MemoryStore
from .urls import is_safe_redirect, safe_next, url_for
from .views import MethodView, View

__all__ = [
    "Blueprint",
    "CSRFError",
    "MemoryStore",
    "MethodView",
    "PageContext",
    "PageRequest",
    "Pages",
    "PagesSettings",
    "SessionSettings",
    "View",
    "abort",
    "after_this_request",
    "app_context",
    "csrf_token",
    "current_app",
    "current_context",
    "flash",
    "g",
    "get_flashed_messages",
    "has_request_context",
    "is_safe_redirect",
    "jsonify",
    "load_session",
    "make_response",
    "pages_of",
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
    "stream_template_async",
    "stream_template_string",
    "stream_with_context",
    "url_for",
]
