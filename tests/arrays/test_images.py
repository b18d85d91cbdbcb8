"""Images: read within limits, refused where they are broken, too large or of another format."""

import asyncio
import base64
import io
import struct
import threading
import zlib
from typing import Annotated

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel

from trine import App, Body, File, SetupError
from trine.arrays import Image


def picture(width=20, height=10, kind="PNG", mode="RGB", colour=(255, 0, 0)):
    file = io.BytesIO()
    PIL.Image.new(mode, (width, height), colour).save(file, kind)
    return file.getvalue()


def bomb(width, height):
    """A PNG of a few hundred bytes that claims to have many pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def describing(mark):
    app = App()

    @app.post("/image")
    def describe(image: Annotated[PIL.Image.Image, mark]) -> dict:
        return {"size": image.size, "mode": image.mode}

    return app


def post(client, body, kind="image/png"):
    return client.post("/image", content=body, headers={"content-type": kind})


def test_image_arrives_as_its_file(client_for):
    client = client_for(describing(Image()))
    assert post(client, picture()).json() == {"size": [20, 10], "mode": "RGB"}
    assert post(client, picture(kind="JPEG"), "image/jpeg").json() == {"size": [20, 10], "mode": "RGB"}


def test_image_arrives_as_base64_in_json(client_for):
    answer = client_for(describing(Image())).post("/image", json=base64.b64encode(picture()).decode())
    assert answer.json() == {"size": [20, 10], "mode": "RGB"}


def test_image_is_brought_to_a_mode_and_a_size(client_for):
    client = client_for(describing(Image(mode="L", resize=(8, 8))))
    assert post(client, picture()).json() == {"size": [8, 8], "mode": "L"}


def test_pixels_arrive_in_a_form(client_for):
    app = App()

    @app.post("/pixels")
    async def pixels(image: Annotated[NDArray[np.uint8], Image(mode="RGB"), File()], name: Annotated[str, File()]) -> dict:
        return {"name": name, "shape": image.shape, "first": image[0, 0].tolist()}

    answer = client_for(app).post("/pixels", files={"image": ("a.png", picture())}, data={"name": "red"})
    assert answer.json() == {"name": "red", "shape": [10, 20, 3], "first": [255, 0, 0]}


@pytest.mark.parametrize("how", ["file", "json", "list", "model", "member", "form"])
def test_images_are_decoded_in_a_worker_thread(client_for, monkeypatch, how):
    class Card(BaseModel):
        name: str = "a"
        picture: Annotated[PIL.Image.Image, Image()]

    app = App()

    @app.post("/file")
    async def file(image: Annotated[PIL.Image.Image, Image()]) -> int:
        return image.width

    @app.post("/list")
    async def many(images: list[Annotated[PIL.Image.Image, Image()]]) -> int:
        return images[0].width

    @app.post("/model")
    async def card(cards: dict[str, Card]) -> int:
        return cards["one"].picture.width

    @app.post("/member")
    async def member(name: Annotated[str, Body()], image: Annotated[PIL.Image.Image, Image()]) -> int:
        return image.width

    @app.post("/form")
    async def form(image: Annotated[PIL.Image.Image, Image(), File()]) -> int:
        return image.width

    threads = set()
    decode = PIL.Image.open

    def noted(*args, **options):
        threads.add(threading.current_thread().name)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return decode(*args, **options)
        raise AssertionError("decoded on the event loop")

    monkeypatch.setattr(PIL.Image, "open", noted)
    client, whole = client_for(app), picture()
    text = base64.b64encode(whole).decode()
    answer = {
        "file": lambda: client.post("/file", content=whole, headers={"content-type": "image/png"}),
        "json": lambda: client.post("/file", json=text),
        "list": lambda: client.post("/list", json=[text]),
        "model": lambda: client.post("/model", json={"one": {"picture": text}}),
        "member": lambda: client.post("/member", json={"name": "a", "image": text}),
        "form": lambda: client.post("/form", files={"image": whole}),
    }[how]()
    assert answer.json() == 20, answer.text
    assert threads


@pytest.mark.parametrize(
    ("mark", "body", "kind", "message"),
    [
        (Image(), b"no image", "image_invalid", "Input should be a complete image in the format JPEG or PNG or WEBP"),
        (Image(), picture()[:-30], "image_invalid", "Input should be a complete image in the format JPEG or PNG or WEBP"),
        (Image(), picture(kind="GIF"), "image_invalid", "Input should be a complete image in the format JPEG or PNG or WEBP"),
        (Image(formats=["PNG"]), picture(kind="JPEG"), "image_invalid", "Input should be a complete image in the format PNG"),
        (Image(max_pixels=100), picture(), "image_too_large", "Input should be an image of at most 100 pixels, not 200"),
        (Image(), bomb(60_000, 60_000), "image_too_large", None),
        (Image(), bomb(100, 100), "image_invalid", None),
        (Image(size=(28, 28)), picture(), "image_size", "Input should be an image of 28 x 28 pixels, not 20 x 10"),
    ],
)
def test_other_images_are_refused(client_for, mark, body, kind, message):
    answer = post(client_for(describing(mark)), body)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["type"], error["loc"], error["input"]) == (kind, ["body"], None)
    assert message is None or error["msg"] == message


def test_clients_choose_the_format_of_an_answer(client_for):
    app = App()

    @app.get("/red")
    def red() -> Annotated[PIL.Image.Image, Image()]:
        return PIL.Image.new("RGBA", (4, 4), (255, 0, 0, 128))

    client = client_for(app)
    for accept, kind in (("*/*", "PNG"), ("image/jpeg", "JPEG")):
        answer = client.get("/red", headers={"accept": accept})
        assert PIL.Image.open(io.BytesIO(answer.content)).format == kind
    text = client.get("/red", headers={"accept": "application/json"}).json()
    assert PIL.Image.open(io.BytesIO(base64.b64decode(text))).format == "PNG"


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (Image(formats=["SVG"]), "Image(formats=('SVG',)) cannot be read."),
        (Image(mode="CMYKA"), "Image(mode='CMYKA') cannot be made."),
        (Image(resize=(8, 8), resample="nicest"), "There is no filter 'nicest'."),
    ],
)
def test_mistakes_are_found_at_start_up(client_for, mark, message):
    with pytest.raises(SetupError) as caught:
        post(client_for(describing(mark)), b"")
    assert caught.value.message == message


def test_documentation_lists_the_formats():
    content = describing(Image(formats=["PNG", "WEBP"])).openapi()["paths"]["/image"]["post"]["requestBody"]["content"]
    assert list(content) == ["application/json", "image/png", "image/webp"]
