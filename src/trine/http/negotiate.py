"""Content negotiation: which of several representations a client wants most (RFC 9110 §12.5)."""

import re
from collections.abc import Sequence

# Browsers send about eight ranges. What stands behind these limits is left unread.
_MAX_RANGES = 100
_MAX_LENGTH = 8192

_is_weight = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?").fullmatch


def best_match(accept: str, offers: Sequence[str]) -> str | None:
    """Give the offered media type that the Accept line prefers; the first offer among equals, None if none will do.

    For each offer the most specific range that covers it decides. An empty line accepts anything. Ranges that break
    the grammar are passed over; parameters other than `q` take part in the match.
    """
    ranges = _parse_accept(accept)
    if not ranges:
        return offers[0] if offers and not accept.strip(" \t,") else None
    best, best_weight = None, 0
    for offer in offers:
        weight = _weight_of(offer, ranges)
        if weight > best_weight:
            best, best_weight = offer, weight
    return best


def best_coding(accept_encoding: str, offers: Sequence[str]) -> str | None:
    """Give the offered content coding that the line prefers; the first offer among equals, None if none will do."""
    weights: dict[str, int] = {}
    for piece in accept_encoding[:_MAX_LENGTH].split(",", _MAX_RANGES)[:_MAX_RANGES]:
        name, _, parameter = piece.partition(";")
        key, _, value = parameter.strip(" \t").partition("=")
        if not parameter or (key.lower() == "q" and _is_weight(value)):
            weights[name.strip(" \t").lower()] = round(float(value) * 1000) if parameter else 1000
    rest = weights.get("*", 0)
    best = max(offers, key=lambda offer: weights.get(offer, rest), default=None)
    return best if best is not None and weights.get(best, rest) else None


# A type, a subtype, the parameters, and the weight in thousandths.
_Range = tuple[str, str, frozenset[str], int]


def _parse_accept(accept: str) -> list[_Range]:
    pieces = accept[:_MAX_LENGTH].split(",", _MAX_RANGES)[:_MAX_RANGES]
    return [parsed for piece in pieces if (parsed := _parse_range(piece)) is not None]


def _parse_range(text: str) -> _Range | None:
    media_type, *rest = (part.strip(" \t") for part in text.split(";"))
    kind, slash, subtype = media_type.lower().partition("/")
    if not (slash and kind and subtype) or (kind == "*" and subtype != "*"):
        return None
    parameters, weight = [], 1000
    for parameter in rest:
        name, _, value = parameter.partition("=")
        if name.lower() != "q":
            parameters.append(_normal(parameter))
            continue
        if not _is_weight(value):
            return None
        weight = round(float(value) * 1000)
        break  # What follows the weight are extensions of RFC 7231, which RFC 9110 gave up.
    return kind, subtype, frozenset(filter(None, parameters)), weight


def _weight_of(offer: str, ranges: list[_Range]) -> int:
    media_type, *rest = offer.split(";")
    kind, _, subtype = media_type.strip(" \t").lower().partition("/")
    parameters = frozenset(_normal(parameter) for parameter in rest)
    best = (-1, -1, 0)
    for range_kind, range_subtype, range_parameters, weight in ranges:
        if range_kind not in (kind, "*") or range_subtype not in (subtype, "*") or not range_parameters <= parameters:
            continue
        # Of equally specific ranges the greater weight counts.
        best = max(best, ((range_kind != "*") + (range_subtype != "*"), len(range_parameters), weight))
    return best[2]


def _normal(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    return f"{name.strip().lower()}={value.strip().strip(chr(34)).lower()}" if name.strip() else ""
