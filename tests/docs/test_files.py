"""What the page about files promises happens."""

import hashlib


def test_files(client_of):
    client = client_of("files")
    report = client.get("/reports/orders.csv", headers={"range": "bytes=0-4"})
    assert (report.status_code, report.text) == (206, "month")
    assert report.headers["content-disposition"] == 'attachment; filename="orders.csv"'
    assert client.get("/reports/..%2fstatic%2fmain.css").status_code == 404
    style = client.get("/static/main.css")
    assert (style.headers["content-encoding"], style.text) == ("gzip", "body { font-family: Title; }\n")


def test_single_page_application(client_of):
    client = client_of("files")
    assert "<title>Shop" in client.get("/orders/7", headers={"accept": "text/html"}).text
    assert client.get("/orders/7").status_code == 404
    assert "immutable" in client.get("/assets/app-3f2a9c1b.js").headers["cache-control"]


def test_uploads(client_of, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    client = client_of("uploads")
    note = client.post("/notes?title=Page", files={"scan": ("page.png", b"\x89PNG....")})
    assert note.json() == {"title": "Page", "name": "page.png", "first": "89504e47"}
    content = b"x" * 3_000_000
    added = client.post("/recordings", data={"by": "Ada"}, files=[("one", ("../a.wav", content)), ("two", ("b.wav", b""))]).json()
    assert [(entry["name"], entry["size"]) for entry in added] == [("a.wav", 3_000_000), ("b.wav", 0)]
    assert added[0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "recordings" / added[0]["stored"]).read_bytes() == content
    assert client.post("/lines", files={"log": ("a.log", b"1\n2\n")}).json() == {"log": 2}
