"""Arrays, images, sound and tables: what is sent arrives, and any bytes lead to a value or a refusal, never to anything else."""

import io
from typing import Annotated

import numpy as np
import PIL.Image
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from trine.arrays import Array, Audio, Image, Table, Waveform, WAVResponse
from trine.arrays.arrow import write_stream
from trine.arrays.npy import parse_npy_header, write_npy

kinds = st.sampled_from(["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"])
shapes = nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
arrays = st.tuples(kinds, shapes).flatmap(
    lambda said: nps.arrays(
        said[0], said[1], elements={"allow_nan": False, "allow_infinity": False} if said[0].startswith("f") else None
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["dtype", "shape", "data", "a"]), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(arrays)
def test_arrays_arrive_as_they_were_sent(array):
    adapter = TypeAdapter(Annotated[np.ndarray, Array(array.dtype)])
    for received in (adapter.validate_python(write_npy(array)), adapter.validate_json(adapter.dump_json(array))):
        assert received.dtype == array.dtype
        if array.size:
            assert np.array_equal(received, array)


ARRAY = TypeAdapter(Annotated[NDArray[np.float32], Array()])
TABLE = TypeAdapter(Annotated[pa.Table, Table({"a": "int64", "b": "string"}, nullable=["b"])])
IMAGE = TypeAdapter(Annotated[PIL.Image.Image, Image(max_pixels=10_000)])
SOUND = TypeAdapter(Annotated[Waveform, Audio()])


def check_any(adapter, value):
    """A value, or one refusal."""
    count = 1
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        count = error.error_count()
    assert count == 1


def valid_npy():
    return write_npy(np.arange(6, dtype=np.float32).reshape(2, 3))


def valid_png():
    file = io.BytesIO()
    PIL.Image.new("RGB", (5, 5)).save(file, "PNG")
    return file.getvalue()


def valid_jpeg():
    file = io.BytesIO()
    PIL.Image.new("RGB", (5, 5)).save(file, "JPEG")
    return file.getvalue()


def valid_wav():
    return WAVResponse(Waveform(np.zeros((20, 1), np.float32), 8000)).body


def valid_stream():
    return write_stream(pa, pa.table({"a": [1, 2], "b": ["x", None]}))


def mutated(whole):
    """The bytes of a valid file with some changed, some gone, or something behind them."""
    changes = st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)

    def change(found):
        data = bytearray(whole)
        for position, value in found[0]:
            data[position] = value
        return bytes(data[: found[1]]) + found[2]

    return st.tuples(changes, st.integers(0, len(whole)), st.binary(max_size=5)).map(change)


@given(json_values)
@pytest.mark.parametrize("adapter", [ARRAY, TABLE, IMAGE, SOUND], ids=["array", "table", "image", "sound"])
def test_any_json_is_a_value_or_refused(adapter, value):
    check_any(adapter, value)


@pytest.mark.filterwarnings("ignore")  # Pillow's decoders warn of odd metadata
@pytest.mark.parametrize(
    ("adapter", "whole"),
    [
        (ARRAY, valid_npy()),
        (TABLE, valid_stream()),
        (IMAGE, valid_png()),
        (IMAGE, valid_jpeg()),
        (SOUND, valid_wav()),
    ],
    ids=["npy", "arrow", "png", "jpeg", "wav"],
)
def test_any_bytes_are_a_value_or_refused(adapter, whole):
    @given(st.one_of(st.binary(max_size=50), mutated(whole)))
    def check(data):
        check_any(adapter, data)

    check()
    adapter.validate_python(whole)


@given(st.one_of(st.binary(max_size=200), mutated(valid_npy())))
def test_headers_are_read_as_numpy_reads_them(data):
    try:
        header = parse_npy_header(data)
    except ValueError:
        return
    from numpy.lib import format as npy_format

    file = io.BytesIO(data)
    read = npy_format.read_array_header_1_0 if npy_format.read_magic(file) == (1, 0) else npy_format.read_array_header_2_0
    try:
        shape, fortran, dtype = read(file)
    except ValueError:
        return  # Padding that NumPy does not like: the elements are the same.
    assert (header.shape, header.is_fortran, np.dtype(header.dtype), header.start) == (shape, fortran, dtype, file.tell())
