import asyncio

from trine import APIRouter, App
from trine.concurrency import ConcurrencyLimit

app = App()
# Four reports at a time, eight more in line for two seconds at most.
reports = APIRouter(prefix="/reports", max_concurrency=ConcurrencyLimit(4, max_waiting=8, max_wait=2))


@reports.get("/sales")
async def sales() -> dict[str, int]:
    await asyncio.sleep(0.01)
    return {"sold": 12}


@app.post("/thumbnails", max_concurrency=2)
def thumbnail(width: int = 100) -> dict[str, int]:
    return {"width": width}


app.include_router(reports)
