"""Two applications for `sharing.py`: a model that does nothing, and one that is large."""

import os

from pydantic import BaseModel

from trine import App

MEGABYTES = 300


class House(BaseModel):
    lotsize: int
    bedrooms: int
    bathrms: int
    stories: int
    garagepl: int
    driveway: bool
    recroom: bool
    fullbase: bool
    gashw: bool
    airco: bool
    prefarea: bool


class Price(BaseModel):
    price: float


PRICE = Price(price=1.0)
echo = App()


@echo.model("/echo", runner="process", max_batch=64, max_wait_ms=0)
class Echo:
    def predict(self, houses: list[House]) -> list[Price]:
        return [PRICE] * len(houses)


app = App()


@app.model("/large")
class Large:
    def load(self) -> None:
        self.weights = os.urandom(1 << 20) * int(os.environ.get("BENCH_MEGABYTES", "0"))

    def predict(self, houses: list[House]) -> list[Price]:
        return [PRICE] * len(houses)
