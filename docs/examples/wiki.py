"""Pages whose every change is kept, with who made it. Try it: `trine dev wiki.py`."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel

from trine import App, Depends, Header
from trine.db import Database, History, Model, changed_by, field

app = App()
database = Database("sqlite:///wiki.sqlite3")
app.install(database)


# --8<-- [start:history]
class Page(History):
    title: str = field(max_length=200, unique=True)
    text: str = ""


async def editor(x_user: Annotated[str, Header()]) -> AsyncIterator[None]:
    with changed_by(x_user):
        yield


@app.put("/pages/{title}", dependencies=[Depends(editor)])
async def write(title: str, text: str) -> None:
    await Page.objects.update_or_create(title=title, defaults={"text": text})


class Edit(BaseModel):
    at: datetime
    by: str | None
    changes: dict[str, list[str | int | None]]


@app.get("/pages/{title}/history", response_model=list[Edit])
async def history(title: str) -> list[Model]:
    page = await Page.objects.get_or_404(title=title)
    return await page.history


# --8<-- [end:history]


@app.on_event("startup")
async def make_tables() -> None:
    """Make the tables at the first start. A program that lives longer has migrations instead."""
    await database.create_all()
