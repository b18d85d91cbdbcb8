import sqlite3
from typing import Annotated, Any

from pydantic import BaseModel

from trine import App, Depends, Page, PageParams

database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("CREATE TABLE city (name TEXT PRIMARY KEY, people INTEGER NOT NULL)")
database.executemany("INSERT INTO city VALUES (?, ?)", [("Bern", 135), ("Graz", 303), ("Oulu", 215)])
app = App()


class City(BaseModel):
    name: str
    people: int


@app.get("/cities", response_model=Page[City])
def list_cities(part: Annotated[PageParams, Depends(Page.params())]) -> Any:
    (total,) = database.execute("SELECT count(*) FROM city").fetchone()
    rows = database.execute("SELECT * FROM city ORDER BY people DESC LIMIT ? OFFSET ?", (part.limit, part.offset))
    return part.of([City(name=name, people=people) for name, people in rows], total=total)
