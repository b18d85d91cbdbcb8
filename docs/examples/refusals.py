from trine import App, HTTPException, JSONResponse, Request, Settings


class OutOfStock(Exception):
    def __init__(self, item: str) -> None:
        self.item = item


app = App(settings=Settings(problem_details=True))


@app.exception_handler(OutOfStock)
def out_of_stock(request: Request, error: OutOfStock) -> JSONResponse:
    return JSONResponse({"title": "Out of stock", "item": error.item}, 409, media_type="application/problem+json")


@app.get("/items/{item}")
def buy(item: str, count: int = 1) -> str:
    if item == "lamp":
        raise OutOfStock(item)
    if item == "gift":
        raise HTTPException(402, {"detail": "Your balance is too low.", "balance": 30})
    return f"{count} {item}"
