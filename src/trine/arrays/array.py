"""NumPy arrays: their type and shape are said once, and checked however they are sent."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, get_args, get_origin

from trine.errors import SetupError
from trine.http import JSONResponse, Response

from .encoded import Encoded, check_source, decode_base64, load, refused
from .npy import parse_npy_header, write_npy

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

DEFAULT_MAX_ELEMENTS = 1_000_000
"""So many elements may an array have whose shape leaves a dimension free."""
_MAX_LENGTH = 1 << 40
_MAX_DIMENSIONS = 32


class NPYResponse(Response):
    """An array as an `.npy` file, which `numpy.load` reads: half of JSON's bytes, and no parsing of numbers."""

    media_type = "application/x-npy"
    takes_objects: ClassVar[bool] = True

    def render(self, content: Any) -> bytes:
        """Write the array."""
        return write_npy(content)


class Array(Encoded):
    """An array of a type and shape: `Annotated[NDArray[np.float32], Array(shape=(None, 3))]`. None leaves a length free.

    It is sent as nested lists, as an object with `dtype`, `shape` and base64 `data` (little-endian, rows first), or as the
    bytes of an `.npy` file. Numbers are taken where the type holds them; NaN and infinity where `allow_inf_nan` says so,
    and then null stands for NaN in JSON.
    """

    representations = (JSONResponse, NPYResponse)

    def __init__(
        self,
        dtype: "DTypeLike | None" = None,
        *,
        shape: Sequence[int | None] | None = None,
        ge: float | None = None,
        le: float | None = None,
        allow_inf_nan: bool = False,
        max_elements: int | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ge, self.le = ge, le
        self.allow_inf_nan = allow_inf_nan
        self.max_elements = max_elements

    def __repr__(self) -> str:
        return f"Array({self.dtype!r}, shape={self.shape!r})"

    @property
    def media_types(self) -> tuple[str, ...]:
        """NumPy's own format."""
        return ("application/x-npy",)

    def bind(self, source: Any) -> "_ArrayCodec":
        """Settle the element type."""
        np = load("numpy", "models", "Array()")
        check_source(source, np.ndarray, "Array")
        _check_declared_shape(self.shape)
        return _ArrayCodec(np, _settled(np, self.dtype, source), self)


_PACKED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "dtype": {"type": "string", "examples": ["float32"]},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "data": {"type": "string", "contentEncoding": "base64"},
    },
    "required": ["dtype", "shape", "data"],
    "additionalProperties": False,
}


class _ArrayCodec:
    """Makes one declared array of whatever was received."""

    def __init__(self, np: Any, dtype: Any, said: Array) -> None:
        self.np, self.dtype, self.said = np, dtype, said
        lengths = [] if said.shape is None else [length for length in said.shape if length is not None]
        is_fixed = said.shape is not None and len(lengths) == len(said.shape)
        # Of a fixed shape the shape is the limit, and the better message.
        default = max(DEFAULT_MAX_ELEMENTS, math.prod(lengths)) if is_fixed else DEFAULT_MAX_ELEMENTS
        self.max_elements = default if said.max_elements is None else said.max_elements

    def read(self, value: Any) -> Any:
        """Make the declared array."""
        np = self.np
        if isinstance(value, np.ndarray):
            return self._checked(value)
        if isinstance(value, bytes):
            return self._checked(self._from_npy(value))
        if isinstance(value, dict):
            return self._checked(self._from_packed(value))
        if hasattr(value, "__array__"):
            # What a framework of another make calls an array, such as a tensor.
            return self._checked(np.asarray(value))
        return self._checked_values(self._from_lists(value))

    # What is sent -----------------------------------------------------------------------------------------------

    def encode(self, value: Any) -> Any:
        """Make nested lists of an array; NaN and infinity become null."""
        if value.dtype.kind == "f" and not self.np.isfinite(value).all():
            plain = value.astype(object)
            plain[~self.np.isfinite(value)] = None
            return plain.tolist()
        return value.tolist()

    def schema(self, *, sent: bool) -> dict[str, Any]:
        """Describe nested lists, and the object with base64 beside them where it is taken."""
        said = self.said
        element: dict[str, Any] = {"type": {"b": "boolean", "f": "number"}.get(self.dtype.kind, "integer")}
        element |= {"minimum": said.ge} if said.ge is not None else {}
        element |= {"maximum": said.le} if said.le is not None else {}
        if said.allow_inf_nan and self.dtype.kind == "f":
            element = {"anyOf": [element, {"type": "null"}]}
        lists: dict[str, Any] = {"type": "array", "items": {}} if said.shape is None else element
        for length in reversed(said.shape or ()):
            sized = {} if length is None else {"minItems": length, "maxItems": length}
            lists = {"type": "array", "items": lists, **sized}
        return lists if sent else {"anyOf": [lists, _PACKED]}

    # What was received ------------------------------------------------------------------------------------------

    def _from_npy(self, data: bytes) -> Any:
        try:
            header = parse_npy_header(data)
        except ValueError as error:
            raise refused("npy_invalid", "Input should be an .npy file, but {reason}", reason=str(error)) from None
        order = "F" if header.is_fortran else "C"
        return self._from_buffer(memoryview(data)[header.start :], header.dtype, header.shape, order)

    def _from_packed(self, value: dict[str, Any]) -> Any:
        if value.keys() != {"dtype", "shape", "data"}:
            raise refused("array_object", "Input should have 'dtype', 'shape' and 'data', and nothing else")
        name, shape, text = value["dtype"], value["shape"], value["data"]
        if not isinstance(name, str) or name not in _DTYPES:
            raise refused("array_dtype_name", "Input should be one of {names}", at=("dtype",), names=", ".join(_DTYPES))
        if (
            not isinstance(shape, list)
            or len(shape) > 32
            or not all(type(length) is int and 0 <= length < _MAX_LENGTH for length in shape)
        ):
            raise refused("array_shape_list", "Input should be a list of at most 32 lengths", at=("shape",))
        if not isinstance(text, str):
            raise refused("base64_invalid", "Input should be base64 with '+', '/' and padding", at=("data",))
        return self._from_buffer(decode_base64(text, at=("data",)), _DTYPES[name], tuple(shape), "C", at=("data",))

    def _from_buffer(
        self, data: "bytes | memoryview", dtype: str, shape: tuple[int, ...], order: str, at: tuple[str | int, ...] = ()
    ) -> Any:
        kind, count = self.np.dtype(dtype), math.prod(shape)
        self._check_count(count)
        if len(data) != count * kind.itemsize:
            raise refused(
                "array_size",
                "{shape} elements of {dtype} are {expected} bytes, not {found}",
                at=at,
                shape=" x ".join(map(str, shape)) or "1",
                dtype=kind.name,
                expected=count * kind.itemsize,
                found=len(data),
            )
        if not count:
            # NumPy takes no empty array whose other lengths overflow.
            self._check_count(math.prod(filter(None, shape)))
            return self.np.empty(shape, kind)
        return self.np.frombuffer(data, kind).reshape(shape, order=order)

    def _from_lists(self, value: Any) -> Any:
        np, kind = self.np, self.dtype.kind
        flat, shape = self._flattened(value)
        # Types before numbers: NumPy would make one of a text, and cut another to fit.
        types = set(map(type, flat))
        if NoneType in types and self.said.allow_inf_nan and kind == "f":
            flat = [math.nan if item is None else item for item in flat]
            types.discard(NoneType)
        if not types <= _TYPES[kind]:
            raise _misfit(value, flat, shape, kind)
        if kind in "iu" and float in types:
            flat = [_whole(item, index, shape) for index, item in enumerate(flat)]
        try:
            with np.errstate(over="ignore"):
                return np.array(flat, dtype=self.dtype).reshape(shape)
        except OverflowError:
            raise self._overflow() from None

    def _flattened(self, value: Any) -> tuple[list[Any], tuple[int, ...]]:
        """The elements in a row, and their shape. Of what is uneven, the elements are lists."""
        flat: list[Any] = [value]
        shape: list[int] = []
        while flat and type(flat[0]) is list and len(shape) < _MAX_DIMENSIONS:
            lengths = set(map(len, flat)) if set(map(type, flat)) == {list} else set[int]()
            if len(lengths) != 1:
                break
            shape.append(lengths.pop())
            self._check_count(len(flat) * shape[-1])
            flat = list(chain.from_iterable(flat))
        return flat, tuple(shape)

    # What it must look like -------------------------------------------------------------------------------------

    def _checked(self, array: Any) -> Any:
        self._check_count(array.size)
        return self._checked_values(array if array.dtype == self.dtype and array.dtype.isnative else self._cast(array))

    def _cast(self, array: Any) -> Any:
        """The same numbers in the declared type: floats of another width, whole numbers where they fit."""
        wanted, found = self.dtype, array.dtype
        if found.kind not in _CASTS.get(wanted.kind, ""):
            raise refused(
                "array_dtype", "Input should be an array of {wanted}, not of {found}", wanted=wanted.name, found=found.name
            )
        if wanted.kind in "iu" and array.size:
            limits = self.np.iinfo(wanted)
            if int(array.min()) < limits.min or int(array.max()) > limits.max:
                raise self._overflow()
        with self.np.errstate(over="ignore"):
            return array.astype(wanted)

    def _checked_values(self, array: Any) -> Any:
        np, said = self.np, self.said
        self._check_shape(array.shape)
        if array.dtype.kind == "f" and not said.allow_inf_nan and not np.isfinite(array).all():
            at = _index(int(np.argmin(np.isfinite(array))), array.shape)
            raise refused("finite_number", "Input should be a finite number", at=at)
        for bound, is_outside, kind, words in (
            (said.ge, np.less, "greater_than_equal", "greater than or equal to"),
            (said.le, np.greater, "less_than_equal", "less than or equal to"),
        ):
            if bound is not None and array.size and (outside := is_outside(array, bound)).any():
                at = _index(int(np.argmax(outside)), array.shape)
                raise refused(kind, f"Input should be {words} {{bound}}", at=at, bound=bound)
        # Binary data arrives as a view of the body, which nobody may write to.
        return array if array.flags.writeable else array.copy()

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        wanted = self.said.shape
        if wanted is None:
            return
        if len(shape) != len(wanted) or any(want not in (None, have) for want, have in zip(wanted, shape, strict=True)):
            message = "Input should have the shape {wanted}, not {found}"
            raise refused("array_shape", message, wanted=_shape_text(wanted), found=_shape_text(shape))

    def _check_count(self, count: int) -> None:
        if count > self.max_elements:
            message = "Input should have at most {limit} elements, not {found}"
            raise refused("array_too_large", message, limit=self.max_elements, found=count)

    def _overflow(self) -> Exception:
        return refused("array_overflow", "Every number should fit into {dtype}", dtype=self.dtype.name)


_TYPES: dict[str, set[type]] = {"b": {bool}, "i": {int, float}, "u": {int, float}, "f": {int, float}}
_CASTS = {"b": "b", "i": "biu", "u": "biu", "f": "biuf"}
_WORDS = {"b": "true or false", "i": "a whole number", "u": "a whole number", "f": "a number"}
_DTYPES = {
    name: f"<{code}"
    for name, code in zip(
        ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
        ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"),
        strict=True,
    )
}
_DTYPES["bool"] = "|b1"


def _settled(np: Any, said: Any, source: Any) -> Any:
    """The element type: said in the mark, beside it in the annotation, or in both alike. Raises `SetupError`."""
    beside = next(
        (kind for argument in get_args(source) if get_origin(argument) is np.dtype for kind in get_args(argument)), None
    )
    is_concrete = isinstance(beside, type) and issubclass(beside, np.generic) and not beside.__subclasses__()
    if said is None and not is_concrete:
        raise SetupError(
            f"Array() beside {source!r} does not say of what.",
            hint='Write Annotated[NDArray[np.float32], Array(...)] or Array("float32", ...).',
        )
    try:
        dtype = np.dtype(beside if said is None else said)
    except TypeError:
        raise SetupError(f"NumPy has no dtype {said!r}.", hint='Write a name such as "float32".') from None
    if said is not None and is_concrete and dtype != np.dtype(beside):
        raise SetupError(
            f"Array({said!r}) stands beside an array of {np.dtype(beside).name}.", hint="Say the same, or say it once."
        )
    if dtype.kind not in _CASTS or dtype.itemsize > 8:
        raise SetupError(f"Array({dtype.name!r}) is no array of plain numbers.", hint=f"There are {', '.join(_DTYPES)}.")
    return dtype.newbyteorder("=")


def _check_declared_shape(shape: tuple[int | None, ...] | None) -> None:
    for length in shape or ():
        if length is not None and (type(length) is not int or not 0 <= length < _MAX_LENGTH):
            raise SetupError(f"Array(shape={shape}) has the length {length!r}.", hint="Write a number, or None for any length.")


def _misfit(value: Any, flat: list[Any], shape: tuple[int, ...], kind: str) -> Exception:
    """Say why nested lists are no array: they are uneven, or something in them is no number."""
    if list in map(type, flat):
        found = next(_uneven(value, ()), None)
        if found is None:
            return refused("array_dimensions", "Lists nest deeper here than an array can")
        at, wanted, given = found
        return refused(
            "array_ragged", "Input should be {wanted} like its neighbours, not {found}", at=at, wanted=wanted, found=given
        )
    position = next(index for index, item in enumerate(flat) if type(item) not in _TYPES[kind])
    return refused("array_element", "Input should be {wanted}", at=_index(position, shape), wanted=_WORDS[kind])


def _uneven(value: Any, at: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str, str]]:
    """Find lists whose neighbours have another length, or are none: their place, and what was wanted and found."""
    if not isinstance(value, list) or not value:
        return
    wanted = _outline(value[0])
    for index, item in enumerate(value):
        if _outline(item) != wanted:
            yield (*at, index), wanted, _outline(item)
            return
    for index, item in enumerate(value):
        yield from _uneven(item, (*at, index))
    # Each row is even in itself; then rows differ from each other further down.
    inner = [child for item in value if isinstance(item, list) for child in item[:1]]
    outlines = list(map(_outline, inner))
    for index, outline in enumerate(outlines):
        if outline != outlines[0]:
            yield (*at, index, 0), outlines[0], outline
            return


def _outline(value: Any) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else "a number"


def _whole(value: Any, position: int, shape: tuple[int, ...]) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise refused("array_element", "Input should be {wanted}", at=_index(position, shape), wanted=_WORDS["i"])
    return int(value)


def _index(position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Where an element stands that has a place in the flat row."""
    place: list[int] = []
    for length in reversed(shape):
        position, rest = divmod(position, length)
        place.insert(0, rest)
    return tuple(place)


def _shape_text(shape: Sequence[int | None]) -> str:
    return f"[{', '.join('any' if length is None else str(length) for length in shape)}]"
