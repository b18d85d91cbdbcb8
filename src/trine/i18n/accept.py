"""Which of several languages a client wants most (RFC 9110 §12.5.4, RFC 4647 §3.4)."""

import re
from collections.abc import Sequence
from functools import lru_cache

# Browsers name about five. What stands behind these limits is left unread.
_MAX_RANGES = 50
_MAX_LENGTH = 2048

_is_weight = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?").fullmatch
_is_range = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,5}|\*").fullmatch


@lru_cache(maxsize=512)
def best_language(accept_language: str, offers: tuple[str, ...]) -> str | None:
    """Give the offer that the line prefers, None if none will do. A language of another region will do: `de` for `de-AT`."""
    ranges = _parse(accept_language)
    best, best_rank = None, (0.0, 0, -_MAX_RANGES)
    for offer in offers:
        tag = offer.replace("_", "-").lower()
        named = [(weight, _closeness(tag, wanted), -place) for wanted, weight, place in ranges if _closeness(tag, wanted)]
        if any(closeness == 4 and not weight for weight, closeness, _ in named):
            continue
        # What `*` says counts for languages that are not named.
        others = [(weight, 0, -place) for wanted, weight, place in ranges if wanted == "*"]
        rank = max(named or others, default=(0.0, 0, -_MAX_RANGES))
        if rank[0] and rank > best_rank:
            best, best_rank = offer, rank
    return best


def _closeness(tag: str, wanted: str) -> int:
    if tag == wanted:
        return 4
    if tag.startswith(f"{wanted}-") or wanted.startswith(f"{tag}-"):
        return 3
    return 2 if tag.partition("-")[0] == wanted.partition("-")[0] else 0


def _parse(line: str) -> Sequence[tuple[str, float, int]]:
    found = []
    for position, piece in enumerate(line[:_MAX_LENGTH].split(",", _MAX_RANGES)[:_MAX_RANGES]):
        wanted, semicolon, parameter = (part.strip(" \t") for part in piece.partition(";"))
        key, _, value = parameter.partition("=")
        if _is_range(wanted) and (not semicolon or (key.strip(" \t").lower() == "q" and _is_weight(value.strip(" \t")))):
            found.append((wanted.lower(), float(value) if semicolon else 1.0, position))
    return found
