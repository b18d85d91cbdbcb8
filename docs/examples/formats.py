from html import escape

from pydantic import BaseModel

from trine import App, HTMLResponse, JSONResponse
from trine.http import CSVResponse


class Order(BaseModel):
    number: int
    customer: str
    total: float


class OrderPage(HTMLResponse):
    def render(self, content: list[dict]) -> bytes:
        rows = "".join(f"<tr><td>{order['number']}<td>{escape(order['customer'])}<td>{order['total']:.2f}" for order in content)
        return f"<!doctype html><title>Orders</title><table>{rows}</table>".encode()


app = App()


@app.get("/orders", response_class=[JSONResponse, CSVResponse, OrderPage])
async def orders() -> list[Order]:
    return [Order(number=1, customer="Ada", total=12.5), Order(number=2, customer="Grace", total=80)]
