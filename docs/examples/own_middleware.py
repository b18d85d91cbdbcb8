from time import perf_counter

from trine import APIRouter, App, Request, Response
from trine.http import Handler


def with_timing(handler: Handler) -> Handler:
    async def timed(request: Request) -> Response:
        start = perf_counter()
        response = await handler(request)
        response.headers["server-timing"] = f"app;dur={(perf_counter() - start) * 1000:.1f}"
        return response

    return timed


class OnlyOnWeekdays:
    def __init__(self, *, closed: bool) -> None:
        self.closed = closed

    def __call__(self, handler: Handler) -> Handler:
        async def on_weekdays(request: Request) -> Response:
            if self.closed:
                return Response("We are back on Monday.", 503, media_type="text/plain")
            return await handler(request)

        return on_weekdays


shop = APIRouter(prefix="/shop", middleware=[OnlyOnWeekdays(closed=True)])


@shop.get("/")
def index() -> str:
    return "open"


app = App()
app.add_middleware(with_timing)
app.include_router(shop)


@app.get("/health")
def health() -> str:
    return "ok"
