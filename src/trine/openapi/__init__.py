"""OpenAPI: how the application is described."""

from .document import make_document
from .pages import docs_router

__all__ = ["docs_router", "make_document"]
