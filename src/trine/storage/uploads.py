"""Direct uploads: the browser sends a file to its store, and the application looks at it afterwards."""

from dataclasses import dataclass, field

from trine.errors import HTTPException

# What files of these types begin with: a type is a claim, these bytes are not.
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "application/gzip": (b"\x1f\x8b",),
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
}
LONGEST_BEGINNING = 8


@dataclass(frozen=True, slots=True)
class DirectUpload:
    """What a browser needs: `fetch(url, {method, headers, body: file})`, and then the token goes back to the application."""

    url: str
    token: str
    """Proof of what was allowed. `Storage.finish_upload` takes it."""
    name: str
    method: str = "PUT"
    headers: dict[str, str] = field(default_factory=dict)


def refuse_other_beginning(content_type: str, beginning: bytes) -> None:
    """Raise a 415 for a file that does not begin as its type does."""
    expected = _BEGINNINGS.get(content_type)
    if expected is not None and not beginning.startswith(expected):
        raise HTTPException(415, f"The file is not of the type {content_type}.")
