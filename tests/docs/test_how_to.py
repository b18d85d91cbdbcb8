"""What the how-to pages promise happens."""

import gzip
import json

import pytest

from trine.testing import TestClient, WebSocketDenied


def test_guarded(client_of):
    client = client_of("guarded")
    response = client.get("/prices", headers={"origin": "https://app.example.org"})
    assert response.json() == [19.5, 21.0]
    assert response.headers["access-control-allow-origin"] == "https://app.example.org"
    assert len(response.headers["x-request-id"]) == 32


def test_compressed(client_of):
    client = client_of("compressed")
    reading = {"sensor": "roof", "values": [20.5] * 500}
    answer = client.post("/readings", json=reading, headers={"accept-encoding": "br"})
    assert (answer.headers["content-encoding"], answer.json()) == ("br", reading)
    body = gzip.compress(json.dumps(reading).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post("/readings", content=body, headers=headers).json() == reading
    bomb = gzip.compress(b" " * 3_000_000)
    assert client.post("/readings", content=bomb, headers=headers).status_code == 413


def test_own_middleware(client_of):
    client = client_of("own_middleware")
    assert client.get("/health").headers["server-timing"].startswith("app;dur=")
    closed = client.get("/shop/")
    assert (closed.status_code, closed.text) == (503, "We are back on Monday.")


def test_strict_page(client_of):
    client = client_of("strict_page")
    page = client.get("https://testserver/")
    nonce = page.text.partition('nonce="')[2].partition('"')[0]
    assert f"script-src 'nonce-{nonce}' 'strict-dynamic'" in page.headers["content-security-policy"]
    assert page.headers["permissions-policy"] == "camera=(), geolocation=(self)"
    assert page.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert client.get("/widget").headers["content-security-policy"] == "frame-ancestors https://partner.example"


def test_visits(client_of):
    client = client_of("visits")
    assert [client.get("/").json() for _ in range(2)] == ["This is visit 1.", "This is visit 2."]


def test_invitations(client_of):
    client = client_of("invitations")
    token = client.post("/invitations?email=ada@example.org").json()
    assert client.get("/welcome", headers={"authorization": f"Bearer {token}"}).json() == "Welcome, ada@example.org."
    refused = client.get("/welcome", headers={"authorization": f"Bearer {token}x"})
    assert (refused.status_code, refused.json()) == (401, {"detail": "This invitation does not count."})
    assert client.get("/welcome").status_code == 401


def test_refusals(client_of):
    client = client_of("refusals")
    assert client.get("/items/lamp").json() == {"title": "Out of stock", "item": "lamp"}
    assert client.get("/items/gift").json() == {
        "type": "about:blank",
        "title": "Payment Required",
        "status": 402,
        "detail": "Your balance is too low.",
        "balance": 30,
    }
    assert client.get("/items/book?count=x").json()["errors"][0]["loc"] == ["query", "count"]


def test_from_fastapi(client_of):
    client = client_of("from_fastapi")
    boat = {"name": "Alma", "length": 9.5}
    answer = client.post("/berths/7", json=boat, headers={"x-badge": "12"})
    assert answer.json() == {"berth": 7, "boat": "Alma", "allowed_by": "the harbour master"}
    refused = client.post("/berths/7", json=boat, headers={"x-badge": "13"})
    assert (refused.status_code, refused.json()) == (403, {"detail": "Ask the harbour master."})
    assert client.get("/openapi.json").json()["info"] == {"title": "Berths", "version": "0.1.0"}


def test_from_flask(load_example, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET_KEY", "nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw")
    client = TestClient(load_example("from_flask").app.trine)
    assert "empty" in client.get("/").text
    shown = client.post("/items", data={"item": "<tea>"}).text
    assert "<p>&lt;tea&gt; is in the cart.</p>" in shown
    assert "<li>&lt;tea&gt;</li>" in shown
    assert client.get("/api/cart").json() == {"items": ["<tea>"]}
    assert "is in the cart" not in client.get("/").text


def test_flask_shared_session(load_example, monkeypatch):
    assert load_example("legacy").flask_app.test_client().get("/who").text == "nobody"
    monkeypatch.setenv("TRINE_PAGES_CSRF", "false")
    client = TestClient(load_example("flask_shared_session").app, base_url="https://testserver")
    assert client.get("/legacy/who").text == "nobody"
    client.post("/login")
    assert client.get("/legacy/who").text == "ada"


def test_own_settings(client_of, monkeypatch):
    monkeypatch.setenv("SHOP_COUNTRIES", "CA,US")
    monkeypatch.setenv("SHOP_MAIL__PORT", "2525")
    assert client_of("own_settings").get("/").json() == {"currency": "EUR", "countries": ["CA", "US"], "mail": 2525}


def test_composed(client_of):
    client = client_of("composed")
    assert client.get("/", headers={"host": "www.example.org"}).json() == "everybody"
    assert client.get("/", headers={"host": "partners.example.org"}).json() == "partners only"
    assert client.get("/legacy/prices").text == "yesterday's /prices"
    with client.websocket_connect("/echo/ada") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "ada: hello"


def test_class_based(client_of):
    client = client_of("class_based")
    assert client.post("/notes", json={"text": "Sell milk"}).status_code == 201
    assert client.get("/notes?contains=Sell").json() == {"2": "Sell milk"}
    assert client.delete("/notes/2").status_code == 200
    assert client.get("/notes/2").status_code == 404
    assert client.get("/openapi.json").json()["paths"]["/notes"]["post"]["summary"] == "Post notes"


def test_auction(client_of):
    client = client_of("auction")
    with client.websocket_connect("/auction", headers={"origin": "https://app.example.org"}) as ws:
        ws.send_json({"type": "bid", "amount": 30})
        assert ws.receive_json() == {"best": 30}
        ws.send_json({"type": "bid", "amount": 0})
        error = {"type": "greater_than", "msg": "Input should be greater than 0", "input": 0, "ctx": {"gt": 0}}
        assert ws.receive_json() == {"detail": [{**error, "loc": ["message", "bid", "amount"]}]}
        ws.send_json({"type": "ask"})
        assert ws.receive_json() == {"best": 30}
    with pytest.raises(WebSocketDenied), client.websocket_connect("/auction", headers={"origin": "https://evil.example"}):
        pass


def test_versioned(client_of):
    client = client_of("versioned")
    assert [client.get(f"/v{version}/prices").json() for version in "12"] == [{"lamp": 1999}, {"lamp": "19.99"}]
    assert [client.get(path).status_code for path in ("/health", "/v2/wishes/", "/v1/wishes/")] == [200, 200, 404]
    assert client.get("/v1/prices").headers["sunset"] == "Thu, 31 Dec 2026 00:00:00 GMT"
    assert sorted(client.get("/openapi.json?version=1").json()["paths"]) == ["/health", "/v1/prices"]
