"""NumPy's file format (NEP 1), read without its pickles: a header of plain text, then the elements."""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
_MAX_HEADER = 4096
_MAX_DIMENSIONS = 32

# The header is a Python literal with three keys. These are all the values that plain numbers give them.
_is_header = re.compile(r"\{((?:\s*'[a-z_]{5,13}'\s*:\s*(?:'[^']{1,8}'|True|False|\([0-9, ]*\))\s*,?)*)\s*\}\s*").fullmatch
_find_entries = re.compile(r"'([a-z_]+)'\s*:\s*('[^']+'|True|False|\([0-9, ]*\))").findall
_is_shape = re.compile(r"\((?:[0-9]{1,15}, ?)*(?:[0-9]{1,15},?)?\)").fullmatch
_is_type = re.compile(r"'[<>|=](?:b1|[iu][1248]|f[248])'").fullmatch


@dataclass(frozen=True)
class NpyHeader:
    """What an array's bytes mean, and where they begin."""

    dtype: str
    shape: tuple[int, ...]
    is_fortran: bool
    start: int


def parse_npy_header(data: bytes) -> NpyHeader:
    """Read the header. Raises ValueError that says what is wrong; nothing of the file is ever evaluated."""
    if not data.startswith(MAGIC):
        raise ValueError("it does not begin as an .npy file does")
    if len(data) < 10 or data[6] not in (1, 2) or data[7] != 0:
        raise ValueError("its version is neither 1.0 nor 2.0")
    width = 2 if data[6] == 1 else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    if length > _MAX_HEADER:
        raise ValueError(f"its header has {length} bytes, more than {_MAX_HEADER}")
    if len(data) < start + length:
        raise ValueError("it ends within its header")
    entries = _parse_entries(data[start : start + length].decode("latin-1"))
    if not _is_type(entries["descr"]):
        raise ValueError(f"its elements are {entries['descr']}, not plain numbers")
    if not _is_shape(entries["shape"]) or entries["fortran_order"] not in ("True", "False"):
        raise ValueError("its shape is no tuple of numbers")
    shape = tuple(int(part) for part in entries["shape"].strip("()").split(",") if part.strip())
    if len(shape) > _MAX_DIMENSIONS:
        raise ValueError(f"it has {len(shape)} dimensions, more than {_MAX_DIMENSIONS}")
    return NpyHeader(entries["descr"].strip("'"), shape, entries["fortran_order"] == "True", start + length)


def _parse_entries(text: str) -> dict[str, str]:
    found = _is_header(text)
    pairs = _find_entries(found[1]) if found else []
    entries = dict(pairs)
    if len(pairs) != 3 or entries.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header does not describe an array of plain numbers")
    return entries


def write_npy(array: "NDArray[Any]") -> bytes:
    """Write an array of numbers as an `.npy` file."""
    from numpy.lib import format as npy_format

    file = BytesIO()
    npy_format.write_array(file, array, allow_pickle=False)
    return file.getvalue()
