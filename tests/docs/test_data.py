"""The polls of the documentation behave as Django's do."""

from datetime import UTC, datetime, timedelta

import pytest

from trine.db import Database, registry
from trine.testing import AsyncTestClient


@pytest.fixture
async def polls(load_example, tmp_path, monkeypatch):
    """The program with an empty database of its own, and a client."""
    monkeypatch.chdir(tmp_path)
    with registry.isolated():
        program = load_example("polls")
        async with AsyncTestClient(program.app) as client:
            program.client = client
            yield program


async def ask(polls, text="What's new?", days=0, choices=("Not much", "The sky")):
    published = datetime.now(UTC) + timedelta(days=days) - timedelta(seconds=1)
    question = await polls.Question.objects.create(text=text, published=published)
    await polls.Choice.objects.bulk_create([polls.Choice(question=question, text=choice) for choice in choices])
    return question


async def test_without_questions_the_list_is_empty(polls):
    assert (await polls.client.get("/questions")).json() == []


async def test_past_questions_are_shown_newest_first(polls):
    await ask(polls, "old", days=-30)
    await ask(polls, "newer", days=-5)
    assert [question["text"] for question in (await polls.client.get("/questions")).json()] == ["newer", "old"]


async def test_at_most_five_are_shown(polls):
    for number in range(7):
        await ask(polls, str(number), days=-number)
    assert len((await polls.client.get("/questions")).json()) == 5


async def test_future_questions_and_those_without_choices_are_not_shown(polls):
    future = await ask(polls, "future", days=30)
    empty = await ask(polls, "empty", choices=())
    past = await ask(polls, "past", days=-1)
    assert [question["text"] for question in (await polls.client.get("/questions")).json()] == ["past"]
    assert (await polls.client.get(f"/questions/{future.id}")).status_code == 404
    assert (await polls.client.get(f"/questions/{empty.id}")).status_code == 404
    assert (await polls.client.get(f"/questions/{past.id}")).json()["text"] == "past"
    assert (await polls.client.get("/questions/99")).status_code == 404


@pytest.mark.parametrize(
    ("age", "is_recent"), [(timedelta(days=-30), False), (timedelta(hours=23), True), (timedelta(days=2), False)]
)
def test_recent_is_neither_the_future_nor_long_ago(load_example, age, is_recent):
    with registry.isolated():
        program = load_example("polls")
        question = program.Question(text="x", published=datetime.now(UTC) - age)
        assert question.was_published_recently is is_recent


async def test_votes_are_counted(polls):
    question = await ask(polls)
    choices = (await polls.client.get(f"/questions/{question.id}")).json()["choices"]
    for _ in range(2):
        answer = await polls.client.post(f"/questions/{question.id}/vote", params={"choice": choices[1]["id"]})
    assert [choice["votes"] for choice in answer.json()["choices"]] == [0, 2]
    other = await ask(polls, "other")
    refused = await polls.client.post(f"/questions/{other.id}/vote", params={"choice": choices[0]["id"]})
    assert (refused.status_code, refused.json()) == (400, {"detail": "That is no choice of this question."})
    assert (await polls.client.get("/results")).json()[0] == {"text": "What's new?", "votes": 2}


async def test_questions_are_asked_with_their_choices_or_not_at_all(polls):
    made = await polls.client.post("/questions", json={"text": "Tea?", "choices": ["Yes", "No"]})
    assert made.status_code == 201
    assert [choice["text"] for choice in made.json()["choices"]] == ["Yes", "No"]
    assert (await polls.client.get("/recent")).json() == ["Tea?"]
    assert isinstance(polls.database, Database)


async def test_a_question_that_is_too_long_is_refused(polls):
    refused = await polls.client.post("/questions", json={"text": "x" * 201, "choices": []})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["text"]
    assert await polls.Question.objects.count() == 0


async def test_a_wiki_tells_who_wrote_what(load_example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with registry.isolated():
        async with AsyncTestClient(load_example("wiki").app) as client:
            for user, text in (("ada", "a"), ("bob", "b"), ("bob", "b")):
                written = await client.put("/pages/home", params={"text": text}, headers={"x-user": user})
                assert written.status_code == 200
            edits = (await client.get("/pages/home/history")).json()
            assert [(edit["by"], edit["changes"]["text"]) for edit in edits] == [("bob", ["a", "b"]), ("ada", [None, "a"])]
