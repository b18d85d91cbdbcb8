"""What the page about storage promises happens."""


def test_storage(client_of, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    client = client_of("stored")
    scan = client.post("/scans", files={"scan": ("page.txt", b"hello")}).json()
    assert scan["name"] == "scans/page.txt"
    assert client.get(scan["link"]).text == "hello"
    assert (tmp_path / "files" / "scans" / "page.txt").read_text() == "hello"

    assert client.post("/avatars/uploads", params={"filename": "me.exe"}).status_code == 415
    upload = client.post("/avatars/uploads", params={"filename": "me.png"}).json()
    png = b"\x89PNG\r\n\x1a\n...."
    assert client.request(upload["method"], upload["url"], headers=upload["headers"], content=png).status_code == 204
    avatar = client.post("/avatars", params={"token": upload["token"]}).json()
    assert client.get(avatar["link"]).content == png

    assert client.post("/reports/2026-11").json() == len("".join(f"2026-11,{number}\n" for number in range(1000)))
