"""Models that tests run in processes of their own: a fresh Python finds them here again."""

import ctypes
import os
import resource
import time
from collections.abc import Iterator

import msgspec
from pydantic import BaseModel, Field

from trine import App, HTTPException
from trine.serving import ActiveSequence, LoadContext


class House(BaseModel):
    rooms: int = Field(gt=0)
    name: str = ""


class Price(BaseModel):
    price: float
    process: int
    set_fields: int = 0


app = App()


@app.model("/prices", runner="process", max_queue=1000)
class Prices:
    def load(self, context: LoadContext) -> None:
        self.factor = 1000.0

    def predict(self, houses: list[House]) -> list[Price]:
        if any(house.name == "crash" for house in houses):
            os._exit(9)
        if any(house.name == "hang" for house in houses):
            time.sleep(60)
        if any(house.name == "seize" for house in houses):
            # Keeps the interpreter's lock: nothing else in this process gets a turn.
            ctypes.PyDLL(None).sleep(60)
        if any(house.name == "memory" for house in houses):
            resource.setrlimit(resource.RLIMIT_AS, (8 << 30, resource.RLIM_INFINITY))
            bytearray(16 << 30)
        if any(house.name == "refuse" for house in houses):
            raise HTTPException(422, {"why": "refused"})
        if any(house.name == "raise" for house in houses):
            raise ValueError("raised here")
        return [
            Price(price=house.rooms * self.factor, process=os.getpid(), set_fields=len(house.model_fields_set))
            for house in houses
        ]


hanging = App()
hanging.model("/prices", runner="process", timeout=0.5)(Prices)


batches = App()
batches.model("/prices", runner="process")(Prices)


class Point(msgspec.Struct):
    x: int
    y: int = 0


structs = App()


@structs.model("/points", runner="process")
class Points:
    def predict(self, points: list[Point]) -> list[Point]:
        return [Point(point.y, point.x) for point in points]


arrays = App()


@arrays.model("/arrays", runner="process")
class Arrays:
    def predict(self, values: list) -> list:
        return [value * 2 for value in values]


streams = App()


@streams.model("/spell", runner="process")
class Spelling:
    def step(self, sequences: list[ActiveSequence[str]]) -> list[str | None]:
        tokens: list[str | None] = []
        for sequence in sequences:
            at = sequence.state or 0
            sequence.state = at + 1
            tokens.append(sequence.input[at] if at < len(sequence.input) else None)
        time.sleep(0.002)
        return tokens


@streams.model("/count", runner="process", replicas=2)
class Counting:
    def stream(self, most: int) -> Iterator[int]:
        yield from range(most)


growing = App()


@growing.model("/slow", runner="process", replicas=(1, 2), grow_wait_ms=5, shrink_after=0.5, max_batch=1)
class Slow:
    def predict(self, items: list[int]) -> list[int]:
        time.sleep(0.02)
        return [os.getpid() for _ in items]


devices = App()


@devices.model("/where", runner="process", replicas=2, max_batch=1)
class Where:
    def load(self, context: LoadContext) -> None:
        self.context = context

    def predict(self, items: list[int]) -> list[tuple[int, str]]:
        time.sleep(0.01)
        return [(self.context.replica, self.context.device) for _ in items]
