"""Images: decoded by Pillow, after their header has shown that they are not too large."""

import warnings
from base64 import b64encode
from collections.abc import Collection
from io import BytesIO
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import ValidationError

from trine.errors import SetupError
from trine.http import JSONResponse, Response

from .encoded import Encoded, check_source, decode_base64, load, refused

DEFAULT_MAX_PIXELS = 16_000_000
"""A photograph of 4,900 by 3,265; decoded, 48 MB."""
# What browsers and cameras make. Pillow knows many more formats, and each is one more parser to attack.
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
Resample = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]
_MODES = ("1", "L", "RGB", "RGBA")


class _ImageResponse(Response):
    """An image in one format."""

    takes_objects: ClassVar[bool] = True
    format: ClassVar[str]

    def render(self, content: Any) -> bytes:
        """Write the image."""
        return _write(content, self.format)


class PNGResponse(_ImageResponse):
    """An image as PNG: every pixel as it is."""

    media_type = "image/png"
    format = "PNG"


class JPEGResponse(_ImageResponse):
    """An image as JPEG: smaller, not exact, and without transparency."""

    media_type = "image/jpeg"
    format = "JPEG"


class Image(Encoded):
    """An image: `Annotated[PIL.Image.Image, Image(mode="RGB")]`, or `Annotated[NDArray[np.uint8], Image()]` for its pixels.

    It is sent as the bytes of its file, in a form beside other fields, or as base64 in JSON. Its `size` is width and height
    where only one will do; `resize` accepts any up to `max_pixels` and brings them to one, by the filter `resample`.
    """

    representations = (PNGResponse, JPEGResponse, JSONResponse)
    reads_in_thread = True

    def __init__(
        self,
        *,
        mode: str | None = None,
        size: tuple[int, int] | None = None,
        resize: tuple[int, int] | None = None,
        resample: Resample = "bilinear",
        formats: Collection[str] = ("JPEG", "PNG", "WEBP"),
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> None:
        self.mode, self.size, self.resize = mode, size, resize
        self.resample = resample
        self.formats = tuple(formats)
        self.max_pixels = max_pixels

    @property
    def media_types(self) -> tuple[str, ...]:
        """The types of the formats that are read."""
        return tuple(_MEDIA_TYPES[name] for name in self.formats)

    def bind(self, source: Any) -> "_ImageCodec":
        """Check the options; the type beside them says whether an image or its pixels are wanted."""
        pillow = load("PIL.Image", "images", "Image()")
        self._check()
        if (get_origin(source) or source).__module__.partition(".")[0] == "numpy":
            np = load("numpy", "models", "Image() beside an array")
            check_source(source, np.ndarray, "Image")
            return _ImageCodec(pillow, np, self)
        check_source(source, pillow.Image, "Image")
        return _ImageCodec(pillow, None, self)

    def _check(self) -> None:
        unknown = [name for name in self.formats if name not in _MEDIA_TYPES]
        if unknown or not self.formats:
            raise SetupError(f"Image(formats={self.formats}) cannot be read.", hint=f"There are {', '.join(_MEDIA_TYPES)}.")
        if self.mode is not None and self.mode not in _MODES:
            raise SetupError(f"Image(mode={self.mode!r}) cannot be made.", hint=f"There are {', '.join(_MODES)}.")
        if self.resample not in get_args(Resample):
            raise SetupError(f"There is no filter {self.resample!r}.", hint=f"There are {', '.join(get_args(Resample))}.")


class _ImageCodec:
    """Reads and writes images as one declaration says."""

    def __init__(self, pillow: Any, np: Any, said: Image) -> None:
        self.pillow, self.np, self.said = pillow, np, said

    def read(self, value: Any) -> Any:
        """Decode an image, or take one that is decoded already."""
        if self.np is not None and isinstance(value, self.np.ndarray):
            return value
        image = value if isinstance(value, self.pillow.Image) else self._decoded(value)
        return image if self.np is None else self.np.array(image)

    def encode(self, value: Any) -> str:
        """Make base64 of a PNG."""
        return b64encode(_write(value, "PNG")).decode()

    def schema(self, *, sent: bool) -> dict[str, Any]:
        """Describe a text of base64."""
        kind = "image/png" if sent else self.said.media_types[0]
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": kind}

    def _decoded(self, value: Any) -> Any:
        if isinstance(value, str):
            value = decode_base64(value)
        if not isinstance(value, bytes):
            raise refused("image_type", "Input should be an image: the bytes of its file, or base64 of them")
        try:
            with warnings.catch_warnings():
                # Odd metadata is no reason to refuse an image, and what is too large is refused here.
                warnings.simplefilter("ignore")
                image = self.pillow.open(BytesIO(value), formats=self.said.formats)
                self._check_size(image)
                image.load()
                return self._shaped(image)
        except ValidationError:
            raise
        except self.pillow.DecompressionBombError:
            # Far above the limit: Pillow refuses it of itself.
            message = "Input should be an image of at most {limit} pixels"
            raise refused("image_too_large", message, limit=self.said.max_pixels) from None
        except Exception:  # noqa: BLE001 - decoders of five formats raise whatever their bytes lead them to
            message = "Input should be a complete image in the format {formats}"
            raise refused("image_invalid", message, formats=" or ".join(self.said.formats)) from None

    def _check_size(self, image: Any) -> None:
        width, height = image.size
        if self.said.size is not None and image.size != self.said.size:
            message = "Input should be an image of {wanted} pixels, not {found}"
            raise refused("image_size", message, wanted="{} x {}".format(*self.said.size), found=f"{width} x {height}")
        if width * height > self.said.max_pixels:
            message = "Input should be an image of at most {limit} pixels, not {found}"
            raise refused("image_too_large", message, limit=self.said.max_pixels, found=width * height)

    def _shaped(self, image: Any) -> Any:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        if self.said.mode is not None and image.mode != self.said.mode:
            image = image.convert(self.said.mode)
        if self.said.resize is not None and image.size != self.said.resize:
            image = image.resize(self.said.resize, self.pillow.Resampling[self.said.resample.upper()])
        return image


def _write(value: Any, kind: str) -> bytes:
    from PIL import Image as pillow  # noqa: N813 - a module with a class of the same name

    image = value if isinstance(value, pillow.Image) else pillow.fromarray(value)
    if kind == "JPEG" and image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()
