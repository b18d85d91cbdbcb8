"""What the page about schemas and routes promises happens."""


def test_crud(client_of):
    client = client_of("crud")
    client.post("/publishers", json={"name": "Acme"})
    client.post("/topics", json={"name": "art"})
    made = client.post("/magazines", json={"title": "Brush", "publisher_id": 1, "topics": [1], "price": 4})
    assert made.json() == {
        "id": 1,
        "title": "Brush",
        "publisher": {"name": "Acme"},
        "topics": [1],
        "price": 4,
        "note": None,
    }
    assert client.patch("/magazines/1", json={"note": "thin"}).json()["note"] == "thin"
    assert client.get("/magazines", params={"search": "brush", "price__lte": 4, "topics__id__in": "1"}).json()["total"] == 1
    assert client.get("/magazines", params={"publisher__name": "Other"}).json()["total"] == 0
    assert client.get("/cheap").json() == [{"title": "Brush", "price": 4}]
    assert client.delete("/magazines/1").status_code == 403
    assert client.delete("/magazines/1", headers={"x-role": "editor"}).status_code == 204
    assert client.post("/publishers", json={"name": "Acme"}).status_code == 409
