"""What the page about limits promises happens."""


def test_limits(client_of):
    client = client_of("limits")
    assert client.post("/notes", json={"text": "x"}).json() == {"text": "x"}
    assert client.post("/notes", json={"text": "x" * 1_000_000}).status_code == 413
    scan = client.post("/scans", files={"scan": ("page.png", b"x" * 2_000_000)})
    assert scan.json() == {"name": "page.png", "size": 2_000_000}
    assert client.post("/measurements", content=b"1\n2\n").json() == 2
    refused = client.post("/measurements", content=b"1\n" * 20_000)
    assert (refused.status_code, refused.json()) == (
        413,
        {"detail": "The request body is 40000 bytes, more than the 20000 bytes that are accepted here."},
    )


def test_infinity_where_a_field_wants_it(client_for):
    from pydantic import BaseModel, Field

    from trine import App

    class Reading(BaseModel):
        value: float = Field(allow_inf_nan=True)

    app = App()

    @app.post("/")
    async def read(reading: Reading) -> str:
        return str(reading.value)

    client = client_for(app)
    assert client.post("/", json={"value": "Infinity"}).json() == "inf"
    assert client.post("/", content=b'{"value": 1e999}', headers={"content-type": "application/json"}).json() == "inf"


def test_busy(client_of):
    client = client_of("busy")
    assert client.get("/reports/sales").json() == {"sold": 12}
    assert client.post("/thumbnails?width=50").json() == {"width": 50}
