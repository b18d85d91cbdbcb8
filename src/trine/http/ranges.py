"""Byte ranges: which parts of a file a client asks for (RFC 9110 §14)."""

# RFC 9110 §14.2 lets a server ignore ranges that are many, small or overlapping: nobody honest sends so many.
MAX_RANGES = 100
_MAX_LENGTH = 4096
# More digits than this lie behind the end of any file.
_MAX_DIGITS = 19


class UnsatisfiableRange(ValueError):
    """None of the ranges lies within the content: answer 416, with `Content-Range: bytes */<size>`."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"None of the ranges lies within the {size} bytes of the content.")


def parse_range(header: str, size: int) -> list[tuple[int, int]]:
    """Give the wanted parts of `size` bytes as (start, stop) pairs, stop exclusive, sorted, overlaps joined.

    An empty list means the whole content: what a server ignores (RFC 9110 §14.2), that is another unit than bytes, a
    malformed line, more than 100 ranges, or any range of empty content. Raises `UnsatisfiableRange` when no range lies
    within the content.
    """
    unit, equals, text = header.partition("=")
    if unit.strip(" \t").lower() != "bytes" or not equals or len(text) > _MAX_LENGTH or not size:
        return []
    # RFC 9110 §5.6.1: empty elements of a list are passed over.
    specs = [spec for piece in text.split(",") if (spec := piece.strip(" \t"))]
    if not specs or len(specs) > MAX_RANGES:
        return []
    ranges = []
    for spec in specs:
        wanted = _parse_spec(spec, size)
        if wanted is None:
            return []
        if wanted[0] < wanted[1]:
            ranges.append(wanted)
    if not ranges:
        raise UnsatisfiableRange(size)
    return _join(ranges)


def _parse_spec(spec: str, size: int) -> tuple[int, int] | None:
    """Give one range, an empty one where it lies behind the end, None where it is malformed."""
    first, dash, last = (part.strip(" \t") for part in spec.partition("-"))
    if not dash or not (_is_number(first) or not first) or not (_is_number(last) or not last):
        return None
    if not first:
        # The last bytes; a suffix that is longer than the content is all of it.
        return (max(size - _number(last), 0), size) if last else None
    start = _number(first)
    if not last:
        return min(start, size), size
    stop = _number(last) + 1
    return None if stop <= start else (min(start, size), min(stop, size))


def _join(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    ranges.sort()
    joined = ranges[:1]
    for start, stop in ranges[1:]:
        previous_start, previous_stop = joined[-1]
        if start <= previous_stop:
            joined[-1] = (previous_start, max(previous_stop, stop))
        else:
            joined.append((start, stop))
    return joined


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(text: str) -> int:
    digits = text.lstrip("0")
    return int(digits or "0") if len(digits) <= _MAX_DIGITS else 10**_MAX_DIGITS
