"""The summariser: what it chooses, what it refuses, and how it looks in a browser."""

import re
import sys

import pytest

from trine.testing import TestClient

TEXT = """
The harbour of Ealing was built by monks. Ships bring grain to the harbour every week.

The weather was fine. Grain from the ships is stored in the harbour's old barns, which the monks built. My aunt likes cats.

The barns of the harbour hold more grain than ships can bring in a week, said Dr. Brown of the museum.
"""


@pytest.fixture(scope="module")
def program(root, load_program):
    sys.path.insert(0, str(root / "examples" / "summariser"))
    yield load_program(root / "examples" / "summariser" / "app.py")
    sys.path.remove(str(root / "examples" / "summariser"))
    sys.modules.pop("summary", None)


@pytest.fixture
def client(program):
    with TestClient(program.app, base_url="https://testserver") as client:
        yield client


@pytest.fixture
def send(client):
    def send(files=None, **data):
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").text)[1]
        return client.post("/", data={"csrf_token": token, "sentences": "2", **data}, files=files)

    return send


def chosen(answer) -> list[str]:
    return re.findall(r"<li>([^<…]*)</li>", answer.text.partition('class="summary"')[2])


def test_the_sentences_that_the_others_are_about_are_chosen_in_their_order(send):
    answer = send(text=TEXT)
    assert answer.status_code == 200
    assert chosen(answer) == [
        "The harbour of Ealing was built by monks.",
        "Grain from the ships is stored in the harbour&#39;s old barns, which the monks built.",
    ]
    assert "2 of 6 sentences" in answer.text


def test_a_file_is_read_and_progress_is_told_on_the_way(send):
    long = " ".join(f"Sentence number {n} is about the harbour and its {n % 7} barns." for n in range(900))
    answer = send(files={"file": ("notes.md", ("\ufeff" + long).encode())})
    assert len(chosen(answer)) == 2
    assert re.findall(r"<li>([^<]*) …</li>", answer.text) == ["Reading", "Comparing 900 sentences", "Weighing"]


@pytest.mark.parametrize(
    ("data", "files", "said"),
    [
        ({}, None, "Paste a text or choose a file, one of the two."),
        ({"text": "One."}, {"file": ("a.txt", b"Two.")}, "Paste a text or choose a file, one of the two."),
        ({}, {"file": ("a.txt", b"\xff\xfe\x00")}, "This is no text in UTF-8."),
        ({}, {"file": ("a.txt", b"a\0b")}, "There are no words in this file."),
        ({}, {"file": ("a.txt", b"x" * 1_000_001)}, "This file is larger than 1 MB."),
        ({"text": "One.", "sentences": "21"}, None, "This has to be 20 or less."),
    ],
)
def test_what_cannot_be_summarised_is_told_beside_the_field(send, data, files, said):
    answer = send(files=files, **data)
    assert answer.status_code == 422
    assert said in answer.text


def test_too_much_is_refused_before_it_is_read(send):
    assert send(text="x" * 3_000_000).status_code == 413


def test_a_text_is_shown_as_text(send):
    answer = send(
        text="The <script>alert(1)</script> of the play is by the author of the script. The author of the script wrote it."
    )
    assert "<script>" not in answer.text


def test_a_text_without_sentences_says_so(send):
    assert "There are no whole sentences in this text." in send(text="just some words").text


def test_hostile_texts_take_no_longer_than_honest_ones(program):
    import time

    sys.path.insert(0, str(program.__file__).rpartition("/")[0])
    from summary import split

    def cost(text: str) -> float:
        start = time.process_time()
        split(text)
        return time.process_time() - start

    for piece in (". ", "A. ", '." ', "\n \n", "a", "Dr. A"):
        small, large = (min(cost(piece * (size // len(piece))) for _ in range(2)) for size in (50_000, 200_000))
        assert large < 12 * small + 0.05
