"""What the page about arrays promises happens."""

import io

import numpy as np
import PIL.Image
import pyarrow as pa

from trine.arrays import Waveform, WAVResponse


def test_arrays(client_of):
    client = client_of("arrays")
    assert client.post("/centred", json=[[0, 0], [2, 4]]).json() == [[-1, -2], [1, 2]]
    assert client.post("/length", json={"name": "a", "points": [[0, 0], [3, 4]]}).json() == {"name": "a", "length": 5}
    refused = client.post("/centred", json=[[0, 0], ["x", 4]]).json()["detail"][0]
    assert (refused["loc"], refused["msg"]) == (["body", 1, 0], "Input should be a number")


def test_images_sound_and_tables(client_of):
    client = client_of("arrays")
    file = io.BytesIO()
    PIL.Image.new("RGB", (100, 50), (255, 255, 255)).save(file, "PNG")
    assert client.post("/brightness", files={"image": file.getvalue()}).json() == {"brightness": 255}
    sound = WAVResponse(Waveform(np.zeros((8000, 1), np.float32), 8000)).body
    assert client.post("/loudness", content=sound, headers={"content-type": "audio/wav"}).json() == {"seconds": 1, "loudness": 0}
    rows = [{"rooms": 3, "price": 400_000}, {"rooms": 5, "price": 900_000}]
    assert client.post("/dear", json=rows).json() == rows[1:]
    arrow = client.post("/dear", json=rows, headers={"accept": "application/vnd.apache.arrow.stream"})
    assert pa.ipc.open_stream(arrow.content).read_all().num_rows == 1
