"""Arrays in and out of routes: every encoding, every misfit, and what the documentation says."""

import base64
import io
from typing import Annotated

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel

from trine import App, Body, File, Query, SetupError
from trine.arrays import Array, NPYResponse

NPY = {"content-type": "application/x-npy"}
Points = Annotated[NDArray[np.float32], Array(shape=(None, 3))]


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def packed(array, **changed):
    said = {"dtype": array.dtype.name, "shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}
    return {**said, **changed}


def echo_app(kind=Points):
    app = App()

    @app.post("/echo")
    def echo(points: kind) -> dict:
        return {"dtype": str(points.dtype), "values": points.tolist(), "writable": points.flags.writeable}

    return app


def refusal(response):
    assert response.status_code == 422, response.text
    (error,) = response.json()["detail"]
    return error["type"], error["loc"], error["msg"]


VALUES = np.array([[1, 2, 3], [4, 5, 6.5]], np.float32)
ECHOED = {"dtype": "float32", "values": [[1, 2, 3], [4, 5, 6.5]], "writable": True}


def test_array_arrives_as_nested_lists(client_for):
    assert client_for(echo_app()).post("/echo", json=VALUES.tolist()).json() == ECHOED


def test_array_arrives_as_base64_with_type_and_shape(client_for):
    assert client_for(echo_app()).post("/echo", json=packed(VALUES)).json() == ECHOED


def test_array_arrives_as_npy(client_for):
    client = client_for(echo_app())
    assert client.post("/echo", content=npy(VALUES), headers=NPY).json() == ECHOED
    assert client.post("/echo", content=npy(np.asfortranarray(VALUES)), headers=NPY).json() == ECHOED
    assert client.post("/echo", content=npy(VALUES.astype(">f8")), headers=NPY).json() == ECHOED


def test_array_arrives_in_a_form_beside_other_fields(client_for):
    app = App()

    @app.post("/form")
    def read(points: Annotated[Points, File()], name: Annotated[str, File()]) -> dict:
        return {"name": name, "shape": points.shape}

    answer = client_for(app).post("/form", files={"points": ("p.npy", npy(VALUES))}, data={"name": "walk"})
    assert answer.json() == {"name": "walk", "shape": [2, 3]}


def test_array_is_a_field_of_a_model(client_for):
    class Walk(BaseModel):
        name: str
        points: Points
        weights: Annotated[NDArray[np.float64], Array(shape=(None,))] | None = None

    app = App()

    @app.post("/walk")
    def walk(walk: Walk) -> Walk:
        return walk.model_copy(update={"points": walk.points * 2})

    client = client_for(app)
    assert client.post("/walk", json={"name": "a", "points": [[1, 2, 3]]}).json() == {
        "name": "a",
        "points": [[2, 4, 6]],
        "weights": None,
    }
    kind, place, _ = refusal(client.post("/walk", json={"name": "a", "points": [[1, 2, "x"]]}))
    assert (kind, place) == ("array_element", ["body", "points", 0, 2])


def test_arrays_stand_beside_other_body_values(client_for):
    app = App()

    @app.post("/both")
    def both(left: Points, right: Points, scale: Annotated[float, Body()] = 1) -> dict:
        return {"sum": float((left + right).sum() * scale)}

    client = client_for(app)
    assert client.post("/both", json={"left": [[1, 2, 3]], "right": [[1, 1, 1]], "scale": 2}).json() == {"sum": 18}
    assert refusal(client.post("/both", json={"left": [[1, 2, 3]], "right": [[1, 1]]}))[1] == ["body", "right"]


@pytest.mark.parametrize(
    ("sent", "kind", "place", "message"),
    [
        ([[1, 2]], "array_shape", ["body"], "Input should have the shape [any, 3], not [1, 2]"),
        ([1, 2, 3], "array_shape", ["body"], "Input should have the shape [any, 3], not [3]"),
        ([], "array_shape", ["body"], "Input should have the shape [any, 3], not [0]"),
        ([[1, 2, 3], [4, 5]], "array_ragged", ["body", 1], "Input should be a list of 3 like its neighbours, not a list of 2"),
        ([[1, 2, 3], 4], "array_ragged", ["body", 1], "Input should be a list of 3 like its neighbours, not a number"),
        ([[1, 2, [3]]], "array_ragged", ["body", 0, 2], "Input should be a number like its neighbours, not a list of 1"),
        ([[1, 2, None]], "array_element", ["body", 0, 2], "Input should be a number"),
        ([[1, "2", 3]], "array_element", ["body", 0, 1], "Input should be a number"),
        ([[1, True, 3]], "array_element", ["body", 0, 1], "Input should be a number"),
        ([[1, {}, 3]], "array_element", ["body", 0, 1], "Input should be a number"),
        ("text", "array_element", ["body"], "Input should be a number"),
        ([[1, 2, 1e300]], "finite_number", ["body", 0, 2], "Input should be a finite number"),
        ([[1, 2, 10**400]], "array_overflow", ["body"], "Every number should fit into float32"),
        ({}, "array_object", ["body"], "Input should have 'dtype', 'shape' and 'data', and nothing else"),
        (packed(VALUES, dtype="object"), "array_dtype_name", ["body", "dtype"], None),
        (packed(VALUES, shape=[2, -3]), "array_shape_list", ["body", "shape"], "Input should be a list of at most 32 lengths"),
        (packed(VALUES, shape=[2, True]), "array_shape_list", ["body", "shape"], "Input should be a list of at most 32 lengths"),
        (packed(VALUES, shape=[3, 3]), "array_size", ["body", "data"], "3 x 3 elements of float32 are 36 bytes, not 24"),
        (packed(VALUES, shape=[10**9, 10**9]), "array_too_large", ["body"], None),
        (packed(VALUES, shape=[0, 2**39, 2**39], data=""), "array_too_large", ["body"], None),
        (packed(VALUES, data="A?=="), "base64_invalid", ["body", "data"], None),
        (packed(VALUES, data=5), "base64_invalid", ["body", "data"], None),
        (packed(np.array([[1, 2, np.nan]], np.float32)), "finite_number", ["body", 0, 2], "Input should be a finite number"),
    ],
)  # fmt: skip
def test_misfits_are_refused_with_their_place(client_for, sent, kind, place, message):
    if sent == [[1, 2, 10**400]]:
        answer = client_for(echo_app()).post(
            "/echo", content=f"[[1, 2, 1{'0' * 400}]]", headers={"content-type": "application/json"}
        )
    else:
        answer = client_for(echo_app()).post("/echo", json=sent)
    found = refusal(answer)
    assert found[:2] == (kind, place)
    assert message is None or found[2] == message


@pytest.mark.parametrize("text", ["[[1,2,NaN]]", "[[1,2,Infinity]]", "[[1,2,1e999]]"])
def test_numbers_that_are_not_finite_are_refused(client_for, text):
    answer = client_for(echo_app()).post("/echo", content=text, headers={"content-type": "application/json"})
    assert refusal(answer)[:2] == ("finite_number", ["body", 0, 2])


def test_deep_nesting_is_refused(client_for):
    client = client_for(echo_app())
    for depth in (40, 70, 199, 5000):
        body = "[" * depth + "1" + "]" * depth
        assert client.post("/echo", content=body, headers={"content-type": "application/json"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"no array", "it does not begin as an .npy file does"),
        (npy(VALUES)[:40], "it ends within its header"),
        (npy(np.array([{}], object), allow_pickle=True), "its elements are '|O', not plain numbers"),
        (npy(np.array(["a"])), "its elements are '<U1', not plain numbers"),
        (npy(np.zeros(1, [("a", "i4")])), "its header does not describe an array of plain numbers"),
        (b"\x93NUMPY\x03\x00" + npy(VALUES)[8:], "its version is neither 1.0 nor 2.0"),
        (b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little"), "its header has 1073741824 bytes, more than 4096"),
    ],
)
def test_broken_npy_files_are_refused(client_for, body, reason):
    answer = client_for(echo_app()).post("/echo", content=body, headers=NPY)
    assert refusal(answer) == ("npy_invalid", ["body"], f"Input should be an .npy file, but {reason}")
    # What was sent is binary: it is not repeated.
    assert answer.json()["detail"][0]["input"] is None


def test_truncated_npy_is_refused(client_for):
    answer = client_for(echo_app()).post("/echo", content=npy(VALUES)[:-1], headers=NPY)
    assert refusal(answer) == ("array_size", ["body"], "2 x 3 elements of float32 are 24 bytes, not 23")


def test_a_header_that_promises_terabytes_allocates_nothing(client_for):
    body = npy(VALUES).replace(b"(2, 3), }    ", b"(2000000000, 3), }"[:13], 1)
    whole = npy(VALUES)
    start = whole.index(b"(2, 3)")
    body = whole[:start] + b"(2000000000, 3), }" + whole[start + 18 :]
    assert refusal(client_for(echo_app()).post("/echo", content=body, headers=NPY))[0] == "array_too_large"


Bytes = Annotated[NDArray[np.uint8], Array(shape=(3,))]


@pytest.mark.parametrize("sent", [[1, 2, 300], [-1, 2, 3], [1, 2, 10**30], packed(np.array([1, 2, 300]))])
def test_whole_numbers_must_fit(client_for, sent):
    import json

    client = client_for(echo_app(Bytes))
    answer = client.post("/echo", content=json.dumps(sent), headers={"content-type": "application/json"})
    assert refusal(answer) == ("array_overflow", ["body"], "Every number should fit into uint8")


def test_floats_are_whole_numbers_where_nothing_is_lost(client_for):
    client = client_for(echo_app(Bytes))
    assert client.post("/echo", json=[1.0, 2, 3]).json()["values"] == [1, 2, 3]
    assert refusal(client.post("/echo", json=[1.5, 2, 3])) == ("array_element", ["body", 0], "Input should be a whole number")
    answer = client.post("/echo", json=packed(np.array([1.0, 2, 3])))
    assert refusal(answer)[2] == "Input should be an array of uint8, not of float64"


def test_booleans_are_no_numbers(client_for):
    client = client_for(echo_app(Annotated[NDArray[np.bool_], Array(shape=(2,))]))
    assert client.post("/echo", json=[True, False]).json()["values"] == [True, False]
    assert refusal(client.post("/echo", json=[1, 0]))[2] == "Input should be true or false"


def test_bounds_are_checked_for_every_element(client_for):
    client = client_for(echo_app(Annotated[NDArray[np.float64], Array(shape=(None, 2), ge=0, le=1)]))
    assert client.post("/echo", json=[[0, 1]]).status_code == 200
    assert refusal(client.post("/echo", json=[[0, 1], [0.5, 2]]))[:2] == ("less_than_equal", ["body", 1, 1])
    assert refusal(client.post("/echo", json=[[0, -1]]))[:2] == ("greater_than_equal", ["body", 0, 1])


def test_gaps_are_null_where_they_are_allowed(client_for):
    kind = Annotated[NDArray[np.float64], Array(allow_inf_nan=True)]
    app = App()

    @app.post("/echo")
    def echo(values: kind) -> kind:
        assert np.isnan(values[1])
        return values

    assert client_for(app).post("/echo", json=[1, None]).json() == [1, None]


def test_a_free_shape_has_a_limit(client_for):
    client = client_for(echo_app(Annotated[NDArray[np.float64], Array(max_elements=3)]))
    assert client.post("/echo", json=[1, 2, 3]).status_code == 200
    assert refusal(client.post("/echo", json=[1, 2, 3, 4]))[2] == "Input should have at most 3 elements, not 4"


def test_a_single_number_is_an_array_without_dimensions(client_for):
    client = client_for(echo_app(Annotated[NDArray[np.float64], Array(shape=())]))
    assert client.post("/echo", json=5).json()["values"] == 5


# Answers ---------------------------------------------------------------------------------------------------------


def answering(value):
    app = App()

    @app.get("/array")
    def answer() -> Points:
        return value

    return app


def test_clients_choose_between_json_and_npy(client_for):
    client = client_for(answering(VALUES))
    plain = client.get("/array")
    assert (plain.json(), plain.headers["vary"]) == (VALUES.tolist(), "Accept")
    binary = client.get("/array", headers={"accept": "application/x-npy"})
    assert binary.headers["content-type"] == "application/x-npy"
    assert np.array_equal(np.load(io.BytesIO(binary.content)), VALUES)
    assert client.get("/array", headers={"accept": "text/html"}).status_code == 406


def test_a_route_may_answer_with_npy_alone(client_for):
    app = App()

    @app.get("/array", response_class=NPYResponse)
    def answer() -> Points:
        return VALUES

    assert np.array_equal(np.load(io.BytesIO(client_for(app).get("/array").content)), VALUES)


def test_an_answer_that_is_not_as_declared_is_the_applications_mistake(client_for):
    client = client_for(answering(np.array([[1, 2, np.nan]])), raise_server_exceptions=False)
    assert client.get("/array").status_code == 500


# Declarations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Annotated[np.ndarray, Array()], "Array() beside <class 'numpy.ndarray'> does not say of what."),
        (Annotated[np.ndarray, Array("float33")], "NumPy has no dtype 'float33'."),
        (Annotated[np.ndarray, Array("complex64")], "Array('complex64') is no array of plain numbers."),
        (Annotated[NDArray[np.float32], Array("float64")], "Array('float64') stands beside an array of float32."),
        (Annotated[list, Array("float32")], "Array() stands beside <class 'list'>, but the value will be a numpy.ndarray."),
        (Annotated[np.ndarray, Array("float32", shape=(-1,))], "Array(shape=(-1,)) has the length -1."),
    ],
)
def test_mistakes_are_found_at_start_up(kind, message):
    app = App()

    @app.post("/")
    def handler(value: kind) -> None: ...

    with pytest.raises(SetupError) as caught:
        app.openapi()
    assert caught.value.message == message


def test_an_array_cannot_stand_in_a_query():
    app = App()

    @app.get("/")
    def handler(value: Annotated[Points, Query()]) -> None: ...

    with pytest.raises(SetupError, match="has a type that text cannot carry"):
        app.prepare()


def test_documentation_describes_every_encoding():
    app = App()

    @app.post("/points")
    def points(points: Points) -> Annotated[NDArray[np.int64], Array(shape=(2,))]:
        return points

    described = app.openapi()["paths"]["/points"]["post"]
    content = described["requestBody"]["content"]
    assert content["application/x-npy"] == {"schema": {"type": "string", "format": "binary"}}
    lists, packed_form = content["application/json"]["schema"]["anyOf"]
    assert lists == {
        "type": "array",
        "items": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
    }
    assert packed_form["required"] == ["dtype", "shape", "data"]
    answer = described["responses"]["200"]["content"]
    assert answer["application/json"]["schema"]["items"] == {"type": "integer"}
    assert "application/x-npy" in answer
