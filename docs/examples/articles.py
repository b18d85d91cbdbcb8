from datetime import date
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

from trine import App, CursorPage, Filters, OrderBy, Page, Search

T = TypeVar("T")


class Article(BaseModel):
    id: int
    title: str
    price: float
    tags: list[str] = []
    published: date | None = None


ARTICLES = [
    Article(id=1, title="A lamp", price=30, tags=["home"], published=date(2026, 3, 1)),
    Article(id=2, title="A large lamp", price=80, tags=["home", "new"], published=date(2026, 5, 1)),
    Article(id=3, title="A chair", price=120, tags=["home"]),
]
app = App()


# --8<-- [start:filters]
class ArticleFilters(Filters):
    price__gte: float | None = None
    price__lte: float | None = None
    tags__contains: str | None = None
    id__in: list[int] | None = None
    published__isnull: bool | None = None
    search: Annotated[str, Search("title")] = ""
    order_by: Annotated[list[str], OrderBy("title", "price", "published")] = ["title"]
    cheap: bool | None = None

    def filter_cheap(self, rows: Any, cheap: bool) -> Any:
        return rows.filter(price__lt=50) if cheap else rows.filter(price__gte=50)


@app.get("/articles", response_model=Page[Article])
async def list_articles(filters: ArticleFilters) -> Any:
    return filters.apply(ARTICLES)


# --8<-- [end:filters]
# --8<-- [start:cursor]
class Latest(CursorPage[T], Generic[T]):
    order_by: ClassVar = ("-published",)
    page_size: ClassVar = 2
    max_page_size: ClassVar = 50


@app.get("/latest", response_model=Latest[Article])
async def latest_articles() -> Any:
    return ARTICLES


# --8<-- [end:cursor]
