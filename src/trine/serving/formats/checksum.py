"""Checksums of files, read piece by piece."""

import hashlib
from pathlib import Path

from .failures import ModelFileError


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, expected: str) -> None:
    """Raise `ModelFileError` where a file is not the one that was published."""
    found = sha256_of(path)
    if found != expected.lower():
        problem = f"has the SHA-256 {found[:12]}…, not {expected[:12].lower()}…: it was changed or cut off"
        raise ModelFileError(path, problem, "Publish it again, or fetch it anew.")
