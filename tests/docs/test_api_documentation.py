"""What the page about the API documentation promises."""

from openapi_spec_validator import validate


def test_described(client_of):
    client = client_of("described")
    document = client.get("/openapi.json").json()
    validate(document)
    assert list(document["paths"]) == ["/books/{number}"]
    operation = document["paths"]["/books/{number}"]["get"]
    assert operation["operationId"] == "read_book_books__number__get"
    assert operation["tags"] == ["books"]
    assert operation["description"] == "Read one book.\n\nThe price is converted at the rate of the day."
    assert operation["responses"]["404"] == {
        "description": "No such book.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Missing"}}},
    }
    assert client.get("/books/1").json() == {"title": "Middlemarch", "price": "12.50"}
    assert client.get("/books/1/cover").json() == "cover of 1"


def test_order_callbacks(client_of):
    client = client_of("order_callbacks")
    document = client.get("/openapi.json").json()
    validate(document)
    callback = document["paths"]["/orders"]["post"]["callbacks"]["shipped"]["{$request.body#/callback_url}/shipped"]["post"]
    assert callback["description"] == "Sent to you when the parcel leaves the house."
    assert list(document["webhooks"]) == ["new-book"]
    order = {"book": 7, "callback_url": "https://reader.example/parcels"}
    assert client.post("/orders", json=order).json() == {"book": 7}
