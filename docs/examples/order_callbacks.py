from pydantic import BaseModel, HttpUrl

from trine import APIRouter, App


class Order(BaseModel):
    book: int
    callback_url: HttpUrl


class Shipped(BaseModel):
    parcel: str


app = App(title="Orders")
callbacks = APIRouter()


@callbacks.post("{$request.body#/callback_url}/shipped")
def shipped(body: Shipped) -> None:
    """Sent to you when the parcel leaves the house."""


@app.post("/orders", status_code=202, callbacks=callbacks.routes)
def order(order: Order) -> dict[str, int]:
    """Order a book."""
    return {"book": order.book}


@app.webhooks.post("new-book")
def new_book(body: Order) -> None:
    """Sent to every subscriber when a book is new."""
