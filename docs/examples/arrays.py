from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel

from trine import App, File
from trine.arrays import Array, Audio, Image, Table, Waveform

Points = Annotated[NDArray[np.float32], Array(shape=(None, 2))]
Pixels = Annotated[NDArray[np.uint8], Image(mode="L", resize=(28, 28))]
Sound = Annotated[Waveform, Audio(rate=8000, channels=1, max_seconds=10)]
Houses = Annotated[pa.Table, Table({"rooms": "int64", "price": "double"})]

app = App()


class Walk(BaseModel):
    name: str
    points: Points


@app.post("/centred")
async def centred(points: Points) -> Points:
    return points - points.mean(axis=0)


@app.post("/length")
async def length(walk: Walk) -> dict:
    steps = np.diff(walk.points, axis=0)
    return {"name": walk.name, "length": float(np.hypot(*steps.T).sum())}


@app.post("/brightness")
def brightness(image: Annotated[Pixels, File()]) -> dict:
    return {"brightness": float(image.mean())}


@app.post("/loudness")
def loudness(sound: Sound) -> dict:
    return {"seconds": sound.seconds, "loudness": float(np.abs(sound.samples).mean())}


@app.post("/dear")
def dear(houses: Houses) -> Houses:
    return houses.filter(pc.greater(houses["price"], 500_000))
