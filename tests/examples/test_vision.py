"""The vision example: the network that it trains reads digits, as numbers and as pictures."""

import io
import shutil

import numpy as np
import pytest

from trine.serving import Registry
from trine.testing import LiveServer, TestClient

pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")
PIL_Image = pytest.importorskip("PIL.Image")
PIL_ImageFilter = pytest.importorskip("PIL.ImageFilter")


@pytest.fixture(scope="module")
def vision(tmp_path_factory, root, load_program):
    """A copy of the example with a freshly trained network."""
    folder = tmp_path_factory.mktemp("examples") / "vision"
    shutil.copytree(root / "examples" / "vision", folder, ignore=shutil.ignore_patterns("models", "__pycache__"))
    published = load_program(folder / "train.py").train(Registry(folder / "models"))
    assert published.metrics["accuracy"] > 0.95
    return folder


@pytest.fixture(scope="module")
def client(vision, load_program):
    with TestClient(load_program(vision / "app.py").app) as client:
        yield client


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    return load_digits()


def test_digits_are_read(client, digits):
    answers = client.post("/read/batch", json=digits.images[:200].tolist()).json()
    assert answers["errors"] == []
    right = sum(one["digit"] == wanted for one, wanted in zip(answers["outputs"], digits.target, strict=False))
    assert right > 190
    assert sum(answers["outputs"][0]["probabilities"]) == pytest.approx(1, abs=1e-3)


def test_a_picture_is_read(client, digits):
    pixels = PIL_Image.fromarray((digits.images[0] * (255 / 16)).astype(np.uint8)).resize(
        (280, 280), PIL_Image.Resampling.NEAREST
    )
    for kind in ("PNG", "JPEG"):
        file = io.BytesIO()
        pixels.save(file, kind)
        answer = client.post("/picture", content=file.getvalue(), headers={"content-type": f"image/{kind.lower()}"})
        assert answer.json()["digit"] == digits.target[0]


def test_small_thick_and_moved_drawings_are_read(client, digits):
    """Smooth digits that the pen made larger, thicker or smaller than the training set has them, anywhere on the paper."""
    answers = []
    for index in range(60):
        size, at, thickness = (200, 110, 60)[index % 3], (20 * (index % 4), 15 * (index % 5)), (1, 5, 9)[index % 3 - 1]
        digit = PIL_Image.fromarray((digits.images[index] * (255 / 16)).astype(np.uint8))
        digit = digit.resize((size, size), PIL_Image.Resampling.BICUBIC).point(lambda value: 255 * (value > 110))
        paper = PIL_Image.new("L", (280, 280))
        paper.paste(digit, at)
        file = io.BytesIO()
        paper.filter(PIL_ImageFilter.MaxFilter(thickness)).save(file, "PNG")
        answer = client.post("/picture", content=file.getvalue(), headers={"content-type": "image/png"})
        answers.append(answer.json()["digit"] == digits.target[index])
    assert sum(answers) >= 54


def test_empty_paper_is_read_as_anything(client):
    file = io.BytesIO()
    PIL_Image.new("L", (280, 280)).save(file, "PNG")
    assert client.post("/picture", content=file.getvalue(), headers={"content-type": "image/png"}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "kind"), [([[1] * 8] * 7, "array_shape"), ([[17] * 8] * 8, "less_than_equal"), ([["x"] * 8] * 8, "array_element")]
)
def test_other_pixels_are_refused(client, sent, kind):
    answer = client.post("/read", json=sent)
    assert (answer.status_code, answer.json()["detail"][0]["type"]) == (422, kind)


def test_the_page_and_its_files_are_there(client):
    page = client.get("/").text
    for name in ("draw.js", "draw.css"):
        assert f"/static/{name}" in page
        assert client.get(f"/static/{name}").status_code == 200


def test_answers_name_their_version(client, digits):
    answer = client.post("/read", json=digits.images[0].tolist())
    assert answer.headers["model-version"] == "1"


@pytest.fixture(scope="module")
def served(vision, load_program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRINE_ACCEPT_RISKS", "open-monitor")
        with LiveServer(load_program(vision / "app.py").app) as server:
            yield server.url


@pytest.mark.browser
def test_a_digit_is_drawn(served, reader):
    page = reader.page
    page.goto(served)
    reader.look("1-paper")
    paper = page.locator("#paper").bounding_box()
    middle = paper["x"] + paper["width"] / 2
    page.mouse.move(middle, paper["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle, paper["y"] + paper["height"] - 40, steps=8)
    page.mouse.up()
    page.wait_for_selector("#reading:has-text('This is a 1 (')")
    reader.look("2-one")
    page.click("text=Undo")
    assert page.inner_text("#reading") == "Nothing yet."
    assert page.locator("li.best").count() == 0


@pytest.mark.browser
def test_a_picture_is_chosen_without_a_pen(served, browser, digits, tmp_path):
    zero = PIL_Image.fromarray((255 - digits.images[0] * (255 / 16)).astype(np.uint8)).resize(
        (200, 200), PIL_Image.Resampling.BICUBIC
    )
    zero.save(tmp_path / "zero.png")
    (tmp_path / "none.png").write_text("no picture")
    page = browser.new_page()
    page.goto(served)
    for expected in ("undo", "clear", "file"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == expected
    page.set_input_files("#file", str(tmp_path / "zero.png"))
    page.wait_for_selector("#reading:has-text('This is a 0 (')")
    page.set_input_files("#file", str(tmp_path / "none.png"))
    page.wait_for_selector("#reading:has-text('no picture')")
    page.close()
