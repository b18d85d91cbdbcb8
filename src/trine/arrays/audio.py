"""Sound as WAV files: read by the standard library, checked before anything is decoded."""

import wave
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

from trine.errors import SetupError
from trine.http import JSONResponse, Response

from .encoded import Encoded, decode_base64, load, refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True)
class Waveform:
    """Sound: one row of samples between -1 and 1 for each moment, one column for each channel."""

    samples: "NDArray[np.float32]"
    rate: int
    """Moments in a second."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate


class WAVResponse(Response):
    """Sound as a WAV file of 16 bits."""

    media_type = "audio/wav"
    takes_objects: ClassVar[bool] = True

    def render(self, content: Any) -> bytes:
        """Write the file."""
        return _write(content)


class Audio(Encoded):
    """Sound: `Annotated[Waveform, Audio(rate=16_000, channels=1)]`, a WAV file of 8, 16, 24 or 32 bits without compression.

    A rate or number of channels that is said must be met: nothing is converted.
    """

    representations = (WAVResponse, JSONResponse)
    reads_in_thread = True

    def __init__(self, *, rate: int | None = None, channels: int | None = None, max_seconds: float = 60) -> None:
        self.rate, self.channels, self.max_seconds = rate, channels, max_seconds

    @property
    def media_types(self) -> tuple[str, ...]:
        """WAV files."""
        return ("audio/wav",)

    def bind(self, source: Any) -> "_AudioCodec":
        """Check the options."""
        load("numpy", "models", "Audio()")
        if source is not Waveform:
            raise SetupError(f"Audio() stands beside {source!r}.", hint="Write Annotated[Waveform, Audio(...)].")
        if self.max_seconds <= 0:
            raise SetupError(f"Audio(max_seconds={self.max_seconds}) accepts nothing.", hint="Say more than 0.")
        return _AudioCodec(self)


class _AudioCodec:
    """Reads and writes sound as one declaration says."""

    def __init__(self, said: Audio) -> None:
        self.said = said

    def encode(self, value: Waveform) -> str:
        """Make base64 of a WAV file."""
        return b64encode(_write(value)).decode()

    def schema(self, *, sent: bool) -> dict[str, Any]:
        """Describe a text of base64."""
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "audio/wav"}

    def read(self, value: Any) -> Waveform:
        """Decode a WAV file, or take what is decoded already."""
        if isinstance(value, Waveform):
            return value
        if isinstance(value, str):
            value = decode_base64(value)
        if not isinstance(value, bytes):
            raise refused("audio_type", "Input should be a WAV file: its bytes, or base64 of them")
        try:
            with wave.open(BytesIO(value)) as file:
                form = file.getparams()
                self._check(form)
                data = file.readframes(form.nframes)
        except (wave.Error, EOFError, OverflowError, RuntimeError, ArithmeticError, MemoryError):
            raise refused("audio_invalid", "Input should be a WAV file without compression") from None
        if len(data) != form.nframes * form.nchannels * form.sampwidth:
            raise refused("audio_truncated", "The WAV file ends before its last sample")
        return Waveform(_samples(data, form.sampwidth).reshape(-1, form.nchannels), form.framerate)

    def _check(self, form: Any) -> None:
        for name, wanted, found in (("rate", self.said.rate, form.framerate), ("channels", self.said.channels, form.nchannels)):
            if wanted is not None and wanted != found:
                message = "Input should have the {name} {wanted}, not {found}"
                raise refused("audio_form", message, name=name, wanted=wanted, found=found)
        if not form.nchannels or not form.framerate or form.sampwidth not in (1, 2, 3, 4):
            raise wave.Error
        if form.nframes > self.said.max_seconds * form.framerate:
            message = "Input should last at most {limit} seconds, not {found}"
            found = round(form.nframes / form.framerate, 1)
            raise refused("audio_too_long", message, limit=self.said.max_seconds, found=found)


def _samples(data: bytes, width: int) -> "NDArray[np.float32]":
    """Samples as floats: 8 bits count from 0, all others have a sign (Microsoft's RIFF specification)."""
    import numpy as np

    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
    if width == 3:
        # Three bytes become the upper ones of four.
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0].astype(np.float32) / np.float32(1 << 31)
    whole = np.frombuffer(data, f"<i{width}").astype(np.float32)
    return whole / np.float32(1 << (8 * width - 1))


def _write(sound: Waveform) -> bytes:
    import numpy as np

    samples = np.asarray(sound.samples, np.float32)
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(sound.rate)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
