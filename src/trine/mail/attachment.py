"""Files that travel with a message, and images inside its HTML."""

import mimetypes
import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from .errors import InvalidMessage

_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*")
_CID = re.compile(r"[A-Za-z0-9][\w.@-]*")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. With a `cid` it is an image inside the HTML, which names it: `<img src="cid:logo">`."""

    name: str
    data: bytes
    content_type: str = ""
    """Guessed from the name where nothing is said."""
    cid: str | None = None

    def __post_init__(self) -> None:
        # A name never says in which folder a reader's machine puts the file.
        bare = self.name.replace("\\", "/").rpartition("/")[2]
        if not bare or any(not character.isprintable() for character in bare):
            raise InvalidMessage(f"The attachment {self.name!r} has no name that a reader could see.")
        object.__setattr__(self, "name", bare)
        if not self.content_type:
            guessed = mimetypes.guess_type(bare)[0] or "application/octet-stream"
            object.__setattr__(self, "content_type", guessed)
        if not _TYPE.fullmatch(self.content_type):
            raise InvalidMessage(f"The attachment '{bare}' has the content type {self.content_type!r}. Write it as 'text/csv'.")
        if self.cid is not None and not _CID.fullmatch(self.cid):
            raise InvalidMessage(f"The attachment '{bare}' has cid={self.cid!r}. Use letters and digits, as in 'logo'.")

    @classmethod
    def read(cls, path: str | PathLike[str], *, name: str = "", content_type: str = "", cid: str | None = None) -> "Attachment":
        """Read a file from disk. It has the file's name where none is given."""
        path = Path(path)
        return cls(name or path.name, path.read_bytes(), content_type, cid)
