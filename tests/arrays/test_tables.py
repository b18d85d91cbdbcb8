"""Tables: rows, columns and Arrow streams become the same table, or are refused with their place."""

from typing import Annotated

import pyarrow as pa
import pytest

from trine import App, SetupError
from trine.arrays import Table

ARROW = "application/vnd.apache.arrow.stream"
Houses = Annotated[pa.Table, Table({"rooms": "int64", "price": "double", "street": "string"}, nullable=["street"])]
TABLE = pa.table({"rooms": [1, 2], "price": [1.5, 2.0], "street": ["a", None]})
ROWS = [{"rooms": 1, "price": 1.5, "street": "a"}, {"rooms": 2, "price": 2.0, "street": None}]


def stream(table, **options):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def echo_app(kind=Houses):
    app = App()

    @app.post("/houses")
    def echo(houses: kind) -> kind:
        return houses

    return app


def post(client, table, **options):
    return client.post("/houses", content=stream(table, **options), headers={"content-type": ARROW})


def test_table_arrives_as_rows_columns_or_arrow(client_for):
    client = client_for(echo_app())
    columns = {"rooms": [1, 2], "price": [1.5, 2], "street": ["a", None]}
    assert client.post("/houses", json=ROWS).json() == ROWS
    assert client.post("/houses", json=columns).json() == ROWS
    assert post(client, TABLE).json() == ROWS
    # The order of columns on the wire does not matter.
    assert post(client, TABLE.select(["street", "price", "rooms"])).json() == ROWS


def test_clients_choose_between_json_arrow_and_csv(client_for):
    client = client_for(echo_app())
    answer = client.post("/houses", json=ROWS, headers={"accept": ARROW})
    assert pa.ipc.open_stream(answer.content).read_all().to_pylist() == ROWS
    text = client.post("/houses", json=ROWS, headers={"accept": "text/csv"}).text
    assert text.splitlines() == ["rooms,price,street", "1,1.5,a", "2,2.0,"]


@pytest.mark.parametrize(
    ("sent", "kind", "place"),
    [
        (5, "table_type", []),
        ([1], "table_row", [0]),
        ([{"rooms": 1, "price": 1}], "missing", [0, "street"]),
        ([{**ROWS[0], "floor": 1}], "extra_forbidden", [0, "floor"]),
        ([{**ROWS[0], "rooms": 1.5}], "table_cell", ["rooms", 0]),
        ([{**ROWS[0], "rooms": True}], "table_cell", ["rooms", 0]),
        ([{**ROWS[0], "rooms": "1"}], "table_cell", ["rooms", 0]),
        ([{**ROWS[0], "rooms": 1 << 63}], "table_column", ["rooms"]),
        ([{**ROWS[0], "rooms": None}], "table_null", ["rooms"]),
        ({"rooms": [1], "price": [1], "street": ["a", "b"]}, "table_ragged", []),
        ({"rooms": 1, "price": [1], "street": ["a"]}, "list_type", ["rooms"]),
    ],
)
def test_misfits_are_refused_with_their_place(client_for, sent, kind, place):
    answer = client_for(echo_app()).post("/houses", json=sent)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["type"], error["loc"]) == (kind, ["body", *place])


@pytest.mark.parametrize("text", ["NaN", "1e999"])
def test_numbers_that_are_not_finite_are_refused(client_for, text):
    body = f'[{{"rooms": 1, "price": {text}, "street": null}}]'
    answer = client_for(echo_app()).post("/houses", content=body, headers={"content-type": "application/json"})
    assert answer.json()["detail"][0]["type"] == "finite_number"


def change(name, values):
    return TABLE.set_column(TABLE.column_names.index(name), name, values)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (TABLE.drop_columns(["street"]), "missing"),
        (TABLE.append_column("more", pa.array([1, 2])), "extra_forbidden"),
        (TABLE.append_column("rooms", pa.array([1, 2])), "table_names"),
        (change("rooms", pa.array(["1", "2"])), "table_type"),
        (change("rooms", pa.array([1, None])), "table_null"),
        (change("price", pa.array([1, float("nan")])), "finite_number"),
    ],
)
def test_streams_of_other_tables_are_refused(client_for, table, kind):
    assert post(client_for(echo_app()), table).json()["detail"][0]["type"] == kind


def test_compressed_buffers_are_refused_before_they_are_unpacked(client_for):
    zeros = pa.table({"rooms": pa.array([0]).take(pa.array([0] * 90_000))})
    kind = Annotated[pa.Table, Table({"rooms": "int64"})]
    client = client_for(echo_app(kind))
    assert post(client, zeros).status_code == 200
    for compression in ("zstd", "lz4"):
        (error,) = post(client, zeros, compression=compression).json()["detail"]
        assert error["msg"].startswith("Input should be an Arrow stream, but its buffers are compressed")


def test_broken_streams_are_refused(client_for):
    client, whole = client_for(echo_app()), stream(TABLE)
    for body in (b"ARROW1", whole[: len(whole) // 2], whole[:20], bytes(50)):
        answer = client.post("/houses", content=body, headers={"content-type": ARROW})
        assert answer.status_code == 422, body


def test_rows_have_a_limit(client_for):
    client = client_for(echo_app(Annotated[pa.Table, Table({"a": "int64"}, max_rows=2)]))
    for answer in (client.post("/houses", json=[{"a": 1}] * 3), post(client, pa.table({"a": [1, 2, 3]}))):
        assert answer.status_code == 422


def test_an_empty_table_is_a_table(client_for):
    client = client_for(echo_app())
    assert client.post("/houses", json=[]).json() == []
    assert post(client, TABLE.slice(0, 0)).json() == []


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (Table({}), "Table() has no columns."),
        (Table({"a": "int63"}), "The column 'a' has the type 'int63', which Arrow does not know."),
        (Table({"a": "int64"}, nullable=["b"]), "Table() names columns that it does not have: b."),
    ],
)
def test_mistakes_are_found_at_start_up(client_for, mark, message):
    with pytest.raises(SetupError) as caught:
        client_for(echo_app(Annotated[pa.Table, mark])).post("/houses", json=[])
    assert caught.value.message == message
