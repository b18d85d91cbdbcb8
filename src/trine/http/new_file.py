"""A file that has its name only when it is complete."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from .batches import write_pieces


class Digest(Protocol):
    """What takes bytes one after the other, such as `hashlib.sha256()`."""

    def update(self, data: bytes | bytearray, /) -> None:
        """Take some bytes."""
        ...


class NewFile:
    """A file on its way to its place: it lies beside it under a name that ends in `.part`. All methods block."""

    def __init__(self, path: str | os.PathLike[str], digest: Digest | None = None, *, overwrite: bool = False) -> None:
        self.target = Path(path)
        self.digest = digest
        self.overwrite = overwrite
        self._place = self.target.with_name(f".{self.target.name[:100]}.{os.urandom(8).hex()}.part")
        self._file: BinaryIO | None = None
        self._is_published = False

    def open(self) -> None:
        """Make the file. Raises FileExistsError where there is one with its name already."""
        if not self.overwrite and self.target.exists():
            raise FileExistsError(f"There is a file at {self.target} already.")
        self._file = self._place.open("xb", buffering=0)

    def write(self, pieces: list[bytes | bytearray]) -> None:
        """Write all of it. The list is empty then."""
        if self.digest is not None:
            for piece in pieces:
                self.digest.update(piece)
        if self._file is not None:
            write_pieces(self._file.fileno(), pieces)

    def publish(self) -> None:
        """Give the complete file its name."""
        if self._file is not None:
            self._file.close()
        if self.overwrite:
            self._place.replace(self.target)
        else:
            self._name_once()
        self._is_published = True

    def discard(self) -> None:
        """Take the file away, also where it has its name by now."""
        if self._file is not None:
            self._file.close()
        with suppress(OSError):
            (self.target if self._is_published else self._place).unlink(missing_ok=True)

    def _name_once(self) -> None:
        try:
            # A link is made only where there is none: of two uploads to one name, one wins and the other is told.
            self.target.hardlink_to(self._place)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links.
            self._place.rename(self.target)
        else:
            self._place.unlink()
