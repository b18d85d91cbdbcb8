"""Questions and choices: models, queries, transactions, an API and pages, in one file. Try it: `trine dev polls.py`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from trine import App, HTTPException, redirect, render_template, request, url_for
from trine.db import Count, Database, F, Many, Model, QuerySet, Sum, atomic, field, reverse

app = App()
database = Database("sqlite:///polls.sqlite3")
app.install(database)


# --8<-- [start:models]
class QuestionQuerySet(QuerySet["Question"]):
    def published(self) -> "QuestionQuerySet":
        """Those that everybody may see: published, and with something to choose from."""
        return self.filter(published__lte=datetime.now(UTC), choices__isnull=False)


class Question(Model):
    text: str = field(max_length=200)
    published: datetime = field(default_factory=lambda: datetime.now(UTC))
    choices: Many["Choice"] = reverse("question")

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ("-published",)

    @property
    def was_published_recently(self) -> bool:
        return datetime.now(UTC) - timedelta(days=1) <= self.published <= datetime.now(UTC)


class Choice(Model):
    question: Question = field(related_name="choices", on_delete="CASCADE")
    text: str = field(max_length=200)
    votes: int = 0


# --8<-- [end:models]


# --8<-- [start:answers]
class ChoiceOut(BaseModel):
    id: int
    text: str
    votes: int


class QuestionOut(BaseModel):
    id: int
    text: str
    choices: list[ChoiceOut]


@app.get("/questions", response_model=list[QuestionOut])
async def latest() -> QuerySet[Question]:
    return Question.objects.published()[:5]


@app.get("/questions/{id}", response_model=QuestionOut)
async def detail(id: int) -> Question:
    return await Question.objects.published().prefetch_related("choices").get_or_404(id=id)


# --8<-- [end:answers]


# --8<-- [start:vote]
@app.post("/questions/{id}/vote", response_model=QuestionOut)
async def vote(id: int, choice: int) -> Question:
    question = await Question.objects.published().get_or_404(id=id)
    # The database adds, so that two votes at once are two votes.
    if not await question.choices.filter(id=choice).update(votes=F("votes") + 1):
        raise HTTPException(400, "That is no choice of this question.")
    await question.load("choices")
    return question


# --8<-- [end:vote]


# --8<-- [start:ask]
class NewQuestion(BaseModel):
    text: str
    choices: list[str]


@app.post("/questions", response_model=QuestionOut, status_code=201)
async def ask(new: NewQuestion) -> Question:
    async with atomic():
        question = Question(text=new.text)
        await question.full_clean()
        await question.save()
        await Choice.objects.bulk_create([Choice(question=question, text=text) for text in new.choices])
    await question.load("choices")
    return question


# --8<-- [end:ask]


# --8<-- [start:results]
@app.get("/results")
async def results() -> list[dict[str, object]]:
    rows = Question.objects.annotate(votes=Sum("choices__votes", default=0), count=Count("choices")).filter(count__gt=0)
    return await rows.order_by("-votes").values("text", "votes")


# --8<-- [end:results]


# --8<-- [start:sync]
@app.get("/recent")
def recent() -> list[str]:
    """A plain `def` runs in a worker thread, and asks with `.sync`."""
    return [question.text for question in Question.objects.sync.all() if question.was_published_recently]


# --8<-- [end:sync]


# --8<-- [start:pages]
@app.page("/")
async def index() -> str:
    return render_template("polls/index.html", questions=await Question.objects.published()[:5])


@app.page("/polls/{id:int}", methods=["GET", "POST"])
async def vote_page(id: int) -> Any:
    question = await Question.objects.published().prefetch_related("choices").get_or_404(id=id)
    if request.method == "GET":
        return render_template("polls/detail.html", question=question)
    chosen = [choice for choice in question.choices if str(choice.id) == request.form.get("choice")]
    if not chosen:
        return render_template("polls/detail.html", question=question, error="Choose one of these."), 422
    await Choice.objects.filter(id=chosen[0].id).update(votes=F("votes") + 1)
    # To another page: whoever reloads it votes no second time.
    return redirect(url_for("results_page", id=id), 303)


@app.page("/polls/{id:int}/results")
async def results_page(id: int) -> str:
    question = await Question.objects.published().prefetch_related("choices").get_or_404(id=id)
    return render_template("polls/results.html", question=question)


# --8<-- [end:pages]


@app.on_event("startup")
async def make_tables() -> None:
    """Make the tables at the first start. A program that lives longer has migrations instead."""
    await database.create_all()
