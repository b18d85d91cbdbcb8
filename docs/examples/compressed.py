from pydantic import BaseModel

from trine import App
from trine.middleware import CompressionMiddleware, DecompressionMiddleware

app = App()
app.add_middleware(CompressionMiddleware, minimum_size=1000)
app.add_middleware(DecompressionMiddleware, max_ratio=50)


class Reading(BaseModel):
    sensor: str
    values: list[float]


@app.post("/readings")
async def add_reading(reading: Reading) -> Reading:
    return reading
