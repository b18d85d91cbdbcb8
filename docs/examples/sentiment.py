"""A model with limits, an urgent lane and a page that asks it from a handler of its own."""

from typing import Annotated

from pydantic import BaseModel, Field

from trine import App, Header, HTTPException
from trine.serving import models_of

GOOD, BAD = {"good", "great", "love"}, {"bad", "awful", "hate"}


class Review(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Mood(BaseModel):
    score: float = Field(ge=-1, le=1)


app = App(title="Sentiment")


async def place_in_line(plan: Annotated[str, Header(alias="x-plan")] = "free") -> int:
    return 0 if plan == "paid" else 5


@app.model("/sentiment", max_batch=32, max_wait_ms=2, max_queue=200, timeout=10, priority=place_in_line)
class Sentiment:
    """Say how a review sounds."""

    def load(self) -> None:
        self.weights = {**dict.fromkeys(GOOD, 1.0), **dict.fromkeys(BAD, -1.0)}

    def predict(self, reviews: list[Review]) -> list[Mood]:
        return [self._read(review) for review in reviews]

    def _read(self, review: Review) -> Mood:
        words = [self.weights[word] for word in review.text.lower().split() if word in self.weights]
        if not words:
            return HTTPException(422, "No word says anything.")  # this item fails, the others do not
        return Mood(score=sum(words) / len(words))


@app.get("/reviews/{id:int}/mood")
async def mood_of_review(id: int) -> Mood:
    review = Review(text="I love this great chair" if id == 1 else "awful")
    return await models_of(app)["sentiment"].predict(review)
