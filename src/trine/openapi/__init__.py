"""OpenAPI: how the application is described."""

from .changes import Change, breaking_changes
from .document import make_document
from .pages import docs_router

__all__ = ["Change", "breaking_changes", "docs_router", "make_document"]
