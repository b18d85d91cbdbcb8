"""Binding: how a handler is called."""

from .depends import Depends, Security, SecurityScopes
from .params import Body, Cookie, File, Form, Header, Path, Query

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security", "SecurityScopes"]
