"""`Page` and `OffsetPage`: a part of a list, and how much there is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from trine.binding import Depends, Query
from trine.http import Request, Response

from .links import LINK_HEADER, link_line
from .rows import Portion, as_rows
from .structs import PageModel, item_of

T = TypeVar("T")
MAX_PAGE = 1_000_000
MAX_OFFSET = 1_000_000_000
Completion = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class PageParams:
    """Which part of a list a client asks for. A handler may ask for it too: `Annotated[PageParams, Depends(Page.params())]`."""

    offset: int
    """So many rows lie before the part."""
    limit: int
    """So many rows it has at most."""

    @property
    def page(self) -> int:
        """The number of the page, counted from one."""
        return self.offset // self.limit + 1

    def of(self, items: Sequence[Any], *, total: int) -> Any:
        """The part, as the handler read it, and how many rows there are in all: return it in place of rows."""
        return Portion(items, total)


class Page(PageModel, Generic[T]):
    """A numbered page: `response_model=Page[Item]` adds `?page=` and `?size=`, and the handler returns all rows.

    A list, anything that can be iterated, or a source of rows. `page_size` and `max_page_size` are the limits; a subclass
    may have others. Other pages are named in the `Link` header.
    """

    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    response_headers: ClassVar[Mapping[str, Any]] = {"Link": LINK_HEADER}

    items: list[T]
    total: int
    page: int
    size: int
    pages: int

    @classmethod
    def params(cls) -> Callable[..., Awaitable[PageParams]]:
        """The dependency that reads `page` and `size`."""
        return _numbered(cls.page_size, cls.max_page_size)

    @classmethod
    def __complete__(cls, item: Any = None) -> Completion:
        params, item = cls.params(), item or item_of(cls)

        async def as_page(
            value: Any, params: Annotated[PageParams, Depends(params)], request: Request, response: Response
        ) -> Any:
            if isinstance(value, Response):
                return value
            part = await take(value, params, item)
            number, size, last = params.page, params.limit, max(1, -(-part.total // params.limit))
            pages = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
            targets = [(relation, {"page": page, "size": size}) for relation, page in pages.items() if 1 <= page <= last]
            response.headers["link"] = link_line(request, targets)
            return {"items": part.items, "total": part.total, "page": number, "size": size, "pages": last if part.total else 0}

        return as_page


class OffsetPage(PageModel, Generic[T]):
    """A part of a list from any place on: `response_model=OffsetPage[Item]` adds `?limit=` and `?offset=`."""

    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100
    response_headers: ClassVar[Mapping[str, Any]] = {"Link": LINK_HEADER}

    items: list[T]
    total: int
    limit: int
    offset: int

    @classmethod
    def params(cls) -> Callable[..., Awaitable[PageParams]]:
        """The dependency that reads `limit` and `offset`."""
        return _from_offset(cls.page_size, cls.max_page_size)

    @classmethod
    def __complete__(cls, item: Any = None) -> Completion:
        params, item = cls.params(), item or item_of(cls)

        async def as_part(
            value: Any, params: Annotated[PageParams, Depends(params)], request: Request, response: Response
        ) -> Any:
            if isinstance(value, Response):
                return value
            part = await take(value, params, item)
            offset, limit = params.offset, params.limit
            places = {"first": 0}
            if offset > 0:
                places["prev"] = max(0, offset - limit)
            if offset + limit < part.total:
                places["next"] = offset + limit
            places["last"] = max(0, part.total - 1) // limit * limit
            targets = [(relation, {"limit": limit, "offset": place}) for relation, place in places.items()]
            response.headers["link"] = link_line(request, targets)
            return {"items": part.items, "total": part.total, "limit": limit, "offset": offset}

        return as_part


async def take(value: Any, params: PageParams, item: Any = None) -> Portion:
    """Read the asked part of what a handler returned."""
    if isinstance(value, Portion):
        return value
    rows = await as_rows(value, item)
    return Portion(await rows.fetch(params.offset, params.limit), await rows.count())


@cache
def _numbered(page_size: int, max_page_size: int) -> Callable[..., Awaitable[PageParams]]:
    # One function for each pair of limits: a handler that asks for it shares it with its page.
    async def read_page(
        page: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Which page, counted from 1.")] = 1,
        size: Annotated[int, Query(ge=1, le=max_page_size, description="How many items a page has.")] = page_size,
    ) -> PageParams:
        return PageParams((page - 1) * size, size)

    return read_page


@cache
def _from_offset(page_size: int, max_page_size: int) -> Callable[..., Awaitable[PageParams]]:
    async def read_offset(
        limit: Annotated[int, Query(ge=1, le=max_page_size, description="How many items to give.")] = page_size,
        offset: Annotated[int, Query(ge=0, le=MAX_OFFSET, description="How many items to leave out first.")] = 0,
    ) -> PageParams:
        return PageParams(offset, limit)

    return read_offset
