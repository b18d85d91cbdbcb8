"""The files that built-in pages load: shipped with Trine, named after their content, kept by browsers for a year."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trine.http import FileResponse, Request, Response
from trine.http.conditional import is_not_modified
from trine.http.negotiate import best_coding

_FOLDER = Path(__file__).with_name("assets")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One file. The large ones are stored as they travel: compressed."""

    name: str
    folder: Path = _FOLDER

    @cached_property
    def path(self) -> Path:
        """Where the file is; its name ends in `.gz` where it is compressed."""
        compressed = self.folder / f"{self.name}.gz"
        return compressed if compressed.exists() else self.folder / self.name

    @property
    def is_compressed(self) -> bool:
        """Whether the stored bytes are gzip's."""
        return self.path.suffix == ".gz"

    @cached_property
    def checksum(self) -> str:
        """The CRC-32 of the content, which a compressed file carries near its end (RFC 1952 §2.3.1)."""
        if not self.is_compressed:
            return f"{zlib.crc32(self.path.read_bytes()):08x}"
        with self.path.open("rb") as file:
            file.seek(-8, 2)
            return f"{int.from_bytes(file.read(4), 'little'):08x}"

    @property
    def versioned_name(self) -> str:
        """The name in the address: another content has another address."""
        stem, dot, ending = self.name.rpartition(".")
        return f"{stem}-{self.checksum}{dot}{ending}"

    def respond(self, request: Request) -> Response:
        """Send the file, or 304 to a browser that has it."""
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "etag": f'"{self.checksum}"',
            "vary": "accept-encoding",
        }
        if is_not_modified(request.headers, headers["etag"], None):
            return Response(None, 304, headers)
        media_type = _TYPES[Path(self.name).suffix]
        if not self.is_compressed:
            return FileResponse(self.path, headers=headers, media_type=media_type)
        if best_coding(request.headers.get("accept-encoding", ""), ["gzip"]):
            return FileResponse(self.path, headers={**headers, "content-encoding": "gzip"}, media_type=media_type)
        return Response(gzip.decompress(self.path.read_bytes()), headers=headers, media_type=media_type)


def serve(asset: Asset) -> Callable[[Request], Response]:
    """Make the handler that sends a file."""

    def send_asset(request: Request) -> Response:
        return asset.respond(request)

    return send_asset
