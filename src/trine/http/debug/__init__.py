"""The error page of development: what failed, where, and with which values. Loaded when an error is shown, never in production."""

from .page import error_page

__all__ = ["error_page"]
