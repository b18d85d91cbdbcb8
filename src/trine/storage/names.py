"""Names of files: which ones a storage takes, and what becomes of a name that a client chose."""

import re
import unicodedata
from secrets import token_hex

# S3 takes 1024 bytes with the prefix of the bucket, file systems 255 for each part.
LONGEST_NAME = 900
LONGEST_PART = 200
# A backslash separates on Windows; the rest is wildcard, quote or separator to some store, shell or header.
_REFUSED = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|\u2028\u2029\ud800-\udfff]')
# Stores on a disk keep unfinished files under such endings.
_UNFINISHED = re.compile(r"#\d+$")
_NOT_PLAIN = re.compile(r"[^\w.\-]+")


def checked_name(name: str) -> str:
    """The name, when it is one that every storage takes: parts between slashes, none of them hidden. Raises ValueError."""
    problem = _problem(name)
    if problem is not None:
        raise ValueError(f"A file cannot be named {name[:200]!r}: {problem}. safe_filename() makes a name of any text.")
    return name


def safe_filename(text: str, *, default: str = "file") -> str:
    """Make a name without folders of any text, such as the one that a client's file had: letters, digits, `-`, `_`, `.`."""
    last = unicodedata.normalize("NFKC", text).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = _NOT_PLAIN.sub("-", last).rpartition(".")
    stem, ending = (stem, ending) if dot else (ending, "")
    stem, ending = stem.strip(".-_ "), ending.strip(".-_ ")[:20]
    stem = _within(stem or default, LONGEST_PART - 40)
    return f"{stem}.{ending.lower()}" if ending else stem


def another_name(name: str) -> str:
    """A name like this one that nobody else has."""
    folder, slash, last = name.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    if not dot:
        stem, ending = last, ""
    return f"{folder}{slash}{_within(stem, LONGEST_PART - 60)}-{token_hex(4)}{dot}{ending}"


def _problem(name: str) -> str | None:
    if not name:
        return "it is empty"
    if (found := _REFUSED.search(name)) is not None:
        return f"it has the character {found[0]!r}"
    if len(name.encode()) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    parts = name.split("/")
    if not all(parts):
        return "it begins or ends with a slash, or has two in a row"
    for part in parts:
        if part.startswith((".", " ")) or part.endswith((".", " ")):
            return f"its part {part[:50]!r} begins with a dot or ends with one, or with a space"
        if len(part.encode()) > LONGEST_PART:
            return f"a part of it is longer than {LONGEST_PART} bytes"
        if _UNFINISHED.search(part):
            return "it ends like an unfinished file, with # and a number"
    return None


def _within(text: str, limit: int) -> str:
    """As much of a text as fits into so many bytes."""
    return text.encode()[:limit].decode("utf-8", "ignore")
