"""Languages: what a visitor reads, in the visitor's own."""

from .current import gettext, ngettext, npgettext, pgettext

__all__ = ["gettext", "ngettext", "npgettext", "pgettext"]
