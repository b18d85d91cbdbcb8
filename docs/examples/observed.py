from typing import Annotated

from opentelemetry import trace

from trine import App, Depends
from trine.observe import Telemetry

app = App()
app.install(Telemetry())


async def price_list() -> dict[str, int]:
    return {"tea": 3, "coffee": 4}


@app.get("/prices/{name}")
async def price(name: str, prices: Annotated[dict[str, int], Depends(price_list)]) -> int:
    with trace.get_tracer("shop").start_as_current_span("discount"):
        return prices[name] - 1
