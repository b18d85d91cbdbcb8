"""What is nearest in meaning comes first: a field of vectors, and the distance to one of them."""

from typing import Annotated

from pydantic import Field

from trine import App
from trine.db import Database, Model, ModelSchema, field
from trine.db.functions import CosineDistance

app = App(title="Nearest")
database = Database("sqlite:///nearest.sqlite3")
app.install(database)


class Passage(Model):
    text: str
    meaning: list[float] = field(dimensions=3)


class PassageOut(ModelSchema, model=Passage, fields=["id", "text"]):
    far: float


@app.post("/nearest")
async def nearest(meaning: Annotated[list[float], Field(min_length=3, max_length=3)]) -> list[PassageOut]:
    passages = Passage.objects.annotate(far=CosineDistance("meaning", meaning)).order_by("far")[:5]
    return [PassageOut.model_validate(passage) for passage in await passages]
