"""Sound: WAV files of every width, and what is refused."""

import io
import wave
from typing import Annotated

import numpy as np
import pytest

from trine import App
from trine.arrays import Audio, Waveform

WAV = {"content-type": "audio/wav"}


def sound(data, *, rate=8000, channels=1, width=2):
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(data)
    return file.getvalue()


def hearing(mark):
    app = App()

    @app.post("/sound")
    def hear(sound: Annotated[Waveform, mark]) -> dict:
        return {"samples": sound.samples.round(4).tolist(), "rate": sound.rate, "seconds": sound.seconds}

    return app


@pytest.mark.parametrize(
    ("width", "data"),
    [
        (1, bytes([128, 192, 64, 0])),
        (2, np.array([0, 16384, -16384, -32768], "<i2").tobytes()),
        (3, b"\0\0\0\0\0\x40\0\0\xc0\0\0\x80"),
        (4, np.array([0, 1 << 30, -(1 << 30), -(1 << 31)], "<i4").tobytes()),
    ],
)
def test_every_width_is_read(client_for, width, data):
    answer = client_for(hearing(Audio())).post("/sound", content=sound(data, width=width), headers=WAV)
    assert answer.json() == {"samples": [[0], [0.5], [-0.5], [-1]], "rate": 8000, "seconds": 4 / 8000}


def test_channels_are_columns(client_for):
    data = np.array([[0, 16384], [-16384, 0]], "<i2").tobytes()
    answer = client_for(hearing(Audio(channels=2))).post("/sound", content=sound(data, channels=2), headers=WAV)
    assert answer.json()["samples"] == [[0, 0.5], [-0.5, 0]]


@pytest.mark.parametrize(
    ("mark", "body", "kind", "message"),
    [
        (Audio(), b"RIFF", "audio_invalid", "Input should be a WAV file without compression"),
        (Audio(), b"", "missing", "Field required"),
        (Audio(), sound(bytes(100))[:-1], "audio_truncated", "The WAV file ends before its last sample"),
        (Audio(), sound(bytes(100)).replace(b"\x01\0\x01\0", b"\x07\0\x01\0", 1), "audio_invalid", None),
        (Audio(rate=16_000), sound(bytes(100)), "audio_form", "Input should have the rate 16000, not 8000"),
        (Audio(channels=2), sound(bytes(100)), "audio_form", "Input should have the channels 2, not 1"),
        (Audio(max_seconds=1), sound(bytes(40_000)), "audio_too_long", "Input should last at most 1 seconds, not 2.5"),
    ],
)
def test_other_sound_is_refused(client_for, mark, body, kind, message):
    answer = client_for(hearing(mark)).post("/sound", content=body, headers=WAV)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert error["type"] == kind
    assert message is None or error["msg"] == message


def test_sound_is_answered_as_wav(client_for):
    app = App()

    @app.get("/tone")
    def tone() -> Annotated[Waveform, Audio()]:
        return Waveform(np.array([[0.5], [-2]], np.float32), 8000)

    answer = client_for(app).get("/tone")
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 2)
        assert np.frombuffer(file.readframes(2), "<i2").tolist() == [16383, -32767]
