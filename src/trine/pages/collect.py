"""Collect the files of a site for production: each under a name with its hash, and compressed beforehand."""

import gzip
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from posixpath import dirname, join, normpath

import msgspec

MANIFEST = "manifest.json"
_COMPRESSED = (".css", ".html", ".htm", ".ico", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest", ".xml")
_SMALLEST = 256
_in_css = re.compile(r"""url\(\s*(['"]?)([^'")?#\s]+)([?#][^'")\s]*)?\1\s*\)""")


@dataclass(frozen=True)
class Collected:
    """What was done."""

    files: int
    compressed: int
    removed: int
    codings: tuple[str, ...]
    target: Path


def collect(sources: dict[str, tuple[str, Path]], target: Path) -> Collected:
    """Copy the files of each folder below the path that they are served at, and write the manifest that names them.

    References of style sheets to other files are written anew, with the hashed names. What an earlier run left, and is no more,
    is removed.
    """
    found = dict(_find(sources))
    manifest: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    # Style sheets last: they name other files. Those that import each other name them as they are.
    for address in sorted(found, key=lambda one: (one.endswith(".css"), one)):
        content = found[address].read_bytes()
        if address.endswith(".css"):
            content = _with_hashed_names(content, address, manifest)
        hashed = _hashed_name(address, content)
        manifest[address] = hashed
        contents[address] = contents[hashed] = content
    encoders = _encoders()
    kept, compressed = {MANIFEST}, 0
    for address, content in contents.items():
        relative = address.strip("/")
        kept.add(relative)
        _write(target / relative, content)
        if relative.endswith(_COMPRESSED) and len(content) >= _SMALLEST:
            for ending, encode in encoders.items():
                smaller = encode(content)
                if len(smaller) < len(content):
                    _write(target / (relative + ending), smaller)
                    kept.add(relative + ending)
                    compressed += 1
    removed = _remove_others(target, kept)
    _write(target / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n")
    return Collected(len(found), compressed, removed, tuple(ending.lstrip(".") for ending in encoders), target)


def _find(sources: dict[str, tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    for path, folder in sources.values():
        for file in sorted(folder.rglob("*")):
            relative = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield f"{path}/{relative.as_posix()}", file


def _hashed_name(address: str, content: bytes) -> str:
    path = PurePosixPath(address)
    return str(path.with_name(f"{path.stem}.{sha256(content).hexdigest()[:12]}{path.suffix}"))


def _with_hashed_names(content: bytes, address: str, manifest: dict[str, str]) -> bytes:
    """A style sheet whose `url(...)` name hashed files. Addresses of other sites and unknown files stay."""

    def replaced(match: re.Match[str]) -> str:
        quote, name, rest = match[1], match[2], match[3] or ""
        hashed = manifest.get(normpath(join(dirname(address), name)))
        if hashed is None:
            return match[0]
        renamed = join(dirname(name), PurePosixPath(hashed).name)
        return f"url({quote}{renamed}{rest}{quote})"

    try:
        return _in_css.sub(replaced, content.decode()).encode()
    except UnicodeDecodeError:
        return content


def _encoders() -> dict[str, Callable[[bytes], bytes]]:
    """By the ending of a file: what compresses as well as it can, of what is installed."""
    found: dict[str, Callable[[bytes], bytes]] = {".gz": lambda data: gzip.compress(data, 9, mtime=0)}
    try:
        import brotli  # type: ignore[import-untyped] # it declares no types

        found[".br"] = lambda data: brotli.compress(data, quality=11)
    except ImportError:
        pass
    try:
        import zstandard

        found[".zst"] = lambda data: zstandard.ZstdCompressor(level=19).compress(data)
    except ImportError:
        pass
    return found


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


def _remove_others(target: Path, kept: set[str]) -> int:
    """Remove what no source has any more: only where an earlier run has left its manifest, so that nothing else is hit."""
    if not (target / MANIFEST).is_file():
        return 0
    others = [file for file in target.rglob("*") if file.is_file() and file.relative_to(target).as_posix() not in kept]
    for file in others:
        file.unlink()
    for folder in sorted((one for one in target.rglob("*") if one.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
    return len(others)
