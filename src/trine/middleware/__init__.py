"""Middleware: what wraps the whole application, or a part of it. Each is a function from handler to handler."""

from .asgi import ASGIMiddleware, Middleware
from .compression import CompressionMiddleware, GZipMiddleware
from .conditional import ConditionalGetMiddleware
from .cors import CORSMiddleware
from .csrf import CSRFMiddleware
from .decompression import DecompressionMiddleware
from .hosts import TrustedHostMiddleware
from .https_redirect import HTTPSRedirectMiddleware
from .request_id import RequestIDFilter, RequestIDMiddleware, current_request_id
from .security_headers import SecurityHeadersMiddleware
from .session import SessionMiddleware
from .session_keeper import SessionKeeper
from .session_values import Session

__all__ = [
    "ASGIMiddleware",
    "CORSMiddleware",
    "CSRFMiddleware",
    "CompressionMiddleware",
    "ConditionalGetMiddleware",
    "DecompressionMiddleware",
    "GZipMiddleware",
    "HTTPSRedirectMiddleware",
    "Middleware",
    "RequestIDFilter",
    "RequestIDMiddleware",
    "SecurityHeadersMiddleware",
    "Session",
    "SessionKeeper",
    "SessionMiddleware",
    "TrustedHostMiddleware",
    "current_request_id",
]
