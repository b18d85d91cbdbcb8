"""The polls of the documentation behave as Django's do."""

import re
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


def token_in(text):
    return re.search(r'csrf_token" value="([^"]+)"', text)[1]


async def test_the_index_shows_what_may_be_seen(polls):
    polls.client.base_url = "https://testserver"
    assert "There are no polls yet." in (await polls.client.get("/")).text
    await ask(polls, "future", days=30)
    await ask(polls, "empty", choices=())
    for number in range(6):
        await ask(polls, f"<b>{number}</b>", days=-number)
    page = (await polls.client.get("/")).text
    assert re.findall(r">&lt;b&gt;(\d)&lt;/b&gt;</a>", page) == ["0", "1", "2", "3", "4"]
    assert "future" not in page
    assert "empty" not in page


async def test_what_may_not_be_seen_has_no_page(polls):
    polls.client.base_url = "https://testserver"
    seen = await ask(polls)
    for question in (await ask(polls, "future", days=30), await ask(polls, "empty", choices=())):
        for path in ("", "/results"):
            assert (await polls.client.get(f"/polls/{question.id}{path}")).status_code == 404
            assert (await polls.client.get(f"/polls/{seen.id}{path}")).status_code == 200
    assert (await polls.client.get("/polls/999")).status_code == 404
    token = token_in((await polls.client.get(f"/polls/{seen.id}")).text)
    future = await ask(polls, "future", days=30)
    choice = await future.choices.first()
    refused = await polls.client.post(f"/polls/{future.id}", data={"csrf_token": token, "choice": choice.id})
    assert refused.status_code == 404
    assert (await future.choices.first()).votes == 0


async def test_a_vote_leads_to_the_results_and_a_reload_votes_no_second_time(polls):
    polls.client.base_url = "https://testserver"
    question = await ask(polls)
    first, second = await question.choices.order_by("id")
    address = f"/polls/{question.id}"
    token = token_in((await polls.client.get(address)).text)
    voted = await polls.client.post(address, data={"csrf_token": token, "choice": second.id}, follow_redirects=False)
    assert (voted.status_code, voted.headers["location"]) == (303, f"{address}/results")
    for _ in range(2):
        results = (await polls.client.get(voted.headers["location"])).text
        assert re.findall(r"<td>(\d+)</td>", results) == ["0", "1"]
    other = await (await ask(polls, "other")).choices.first()
    for choice in (None, "", "x", str(other.id), "9" * 30, "\u0661"):
        sent = {"csrf_token": token} | ({} if choice is None else {"choice": choice})
        refused = await polls.client.post(address, data=sent)
        assert (refused.status_code, "Choose one of these." in refused.text) == (422, True)
    assert (await polls.client.post(address, data={"choice": first.id})).status_code == 403
    assert [choice.votes for choice in await polls.Choice.objects.order_by("id")] == [0, 1, 0, 0]


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


async def test_what_is_nearest_in_meaning_comes_first(load_example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with registry.isolated():
        program = load_example("nearest")
        async with AsyncTestClient(program.app) as client:
            await program.database.create_all()
            for text, meaning in (("cats", [1, 0, 0]), ("dogs", [0.9, 0.4, 0]), ("rain", [0, 0, 1])):
                await program.Passage.objects.create(text=text, meaning=meaning)
            answer = (await client.post("/nearest", json=[1, 0.1, 0])).json()
            assert [passage["text"] for passage in answer] == ["cats", "dogs", "rain"]
            assert (await client.post("/nearest", json=[1, 0.1])).status_code == 422
