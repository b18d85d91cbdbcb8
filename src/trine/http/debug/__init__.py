"""The error page of development: what failed, where, and with which values. Production never loads it."""

from .page import error_page

__all__ = ["error_page"]
