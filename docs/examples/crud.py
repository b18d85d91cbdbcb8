from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trine import App, Request
from trine.db import CRUD, Database, Many, Model, ModelSchema, QuerySet, field, many

database = Database("sqlite:///:memory:")


@asynccontextmanager
async def lifespan(app: App) -> AsyncIterator[None]:
    await database.create_all()  # a real program runs `trine migrate`
    yield


app = App(lifespan=lifespan)
app.install(database)


class Publisher(Model):
    name: str = field(max_length=100, unique=True)


class Topic(Model):
    name: str = field(max_length=50, unique=True)


class Magazine(Model):
    title: str = field(max_length=200)
    publisher: Publisher
    topics: Many[Topic] = many()
    price: int = 0
    note: str | None = None


class PublisherOut(ModelSchema, model=Publisher, fields=["name"]): ...


class MagazineOut(ModelSchema, model=Magazine, fields=["id", "title", "publisher", "topics", "price", "note"]):
    publisher: PublisherOut


class MagazineIn(ModelSchema, model=Magazine, fields=["title", "publisher", "topics", "price", "note"], mode="create"): ...


class MagazineChange(ModelSchema, model=Magazine, fields=["title", "topics", "price", "note"], mode="update"): ...


def may(request: Request, action: str, magazine: object) -> bool:
    return action != "delete" or request.headers.get("x-role") == "editor"


magazines = CRUD(
    Magazine,
    read=MagazineOut,
    create=MagazineIn,
    update=MagazineChange,
    filters=["price__lte", "publisher__name", "topics__id__in"],
    order_by=["title", "price"],
    search=["title", "note"],
    allow=may,
)
app.include_router(magazines, prefix="/magazines")
app.include_router(CRUD(Publisher), prefix="/publishers")
app.include_router(CRUD(Topic), prefix="/topics")


@app.get("/cheap", response_model=list[Magazine.schema("title", "price")])
async def cheap() -> QuerySet[Magazine]:
    return Magazine.objects.filter(price__lte=5).order_by("price")
