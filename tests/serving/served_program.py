"""A program whose model is shared by all web workers of `trine run`. It is made in a function: no import finds the class."""

import os
import time

from pydantic import BaseModel

from trine import App


class Number(BaseModel):
    value: int


class Square(BaseModel):
    square: int
    process: int


def make_app() -> App:
    """Make the application."""
    app = App()

    @app.model("/square")
    class Squares:
        def predict(self, numbers: list[Number]) -> list[Square]:
            time.sleep(0.002)
            return [Square(square=number.value**2, process=os.getpid()) for number in numbers]

    @app.get("/worker")
    async def worker() -> int:
        return os.getpid()

    return app
