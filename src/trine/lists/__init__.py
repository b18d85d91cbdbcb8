"""Lists: what a client gets of many rows, and what it may ask for. Pages, filters, order and search, declared once."""

from .cursor import CursorPage
from .filters import Filters
from .ordering import OrderBy
from .pages import OffsetPage, Page, PageParams
from .rows import ListRows
from .search import Search

__all__ = ["CursorPage", "Filters", "ListRows", "OffsetPage", "OrderBy", "Page", "PageParams", "Search"]
