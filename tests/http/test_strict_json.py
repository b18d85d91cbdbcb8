"""`await request.json()`: JSON as RFC 8259 has it, whoever reads it."""

import pytest

from trine import App, Request


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": NaN}', "NaN is no number in JSON (character 0)"),
        (b'{"a": 1e999}', "Number out of range (character 0)"),
        (b'{"a": "\\ud800"}', "Half of a surrogate pair in a text (character 0)"),
        (b'{"a": "\xff"}', "Not valid UTF-8 (character 7)"),
        ('{"a": 1}'.encode("utf-16"), "Not valid UTF-8 (character 0)"),
        (b'\xef\xbb\xbf{"a": 1}', "Unexpected UTF-8 BOM (decode using utf-8-sig) (character 0)"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit (4300 digits) for integer string conversion (character 0)"),
        (b"[" * 100_000, "Nested too deep (character 0)"),
        (b"", "Expecting value (character 0)"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_json_that_is_none_is_a_bad_request(client_for, body, reason):
    app = App()

    @app.post("/")
    async def echo(request: Request):
        return await request.json()

    client = client_for(app)
    answer = client.post("/", content=body)
    assert (answer.status_code, answer.json()) == (400, {"detail": f"The request body is not valid JSON: {reason}."})
    assert client.post("/", content=b'{"a": 1, "a": 2}').json() == {"a": 2}
