"""Check what stands in declarations of headers: names, methods, and lists that were written as one text."""

import re
from collections.abc import Collection

from trine.errors import SetupError

# RFC 9110 §5.6.2.
is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch


def checked_names(option: str, names: Collection[str]) -> list[str]:
    """Give the names of a list, each of which must be a token (RFC 9110 §5.6.2); `*` is one."""
    if isinstance(names, str):
        raise SetupError(f"{option}={names!r} is a text, not a list.", hint=f"Write {option}=[{names!r}].")
    for name in names:
        if not is_token(name):
            raise SetupError(f"{option} has {name!r}, which no header can carry.", hint="Use letters, digits and hyphens.")
    return list(names)


def split_list(line: str) -> list[str]:
    """The members of a header's list, without the spaces around them (RFC 9110 §5.6.1)."""
    return [member for part in line.split(",") if (member := part.strip(" \t"))]
