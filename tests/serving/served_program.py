"""A program whose model is shared by all web workers of `trine run`. It is made in a function: no import finds the class."""

import os
import time

from pydantic import BaseModel

from trine import App
from trine.metrics import Metrics
from trine.serving import ActiveSequence


class Number(BaseModel):
    value: int


class Square(BaseModel):
    square: int
    process: int


def make_app() -> App:
    """Make the application."""
    app = App()
    app.install(Metrics())

    @app.model("/square")
    class Squares:
        def predict(self, numbers: list[Number]) -> list[Square]:
            time.sleep(0.002)
            return [Square(square=number.value**2, process=os.getpid()) for number in numbers]

    @app.model("/letters")
    class Letters:
        def step(self, sequences: list[ActiveSequence[str]]) -> list[str]:
            time.sleep(0.005)
            return ["a" for _ in sequences]

    # One item at a time, so that a queue forms; what is idle leaves soon.
    @app.model("/slow", replicas=(1, 2), grow_wait_ms=5, shrink_after=0.5, max_batch=1)
    class Slow:
        def predict(self, items: list[int]) -> list[int]:
            time.sleep(0.01)
            return [os.getpid() for _ in items]

    @app.get("/worker")
    async def worker() -> int:
        return os.getpid()

    return app
