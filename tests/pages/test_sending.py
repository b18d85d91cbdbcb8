"""Files as answers, and files that visitors send: whatever they are called, they lead nowhere."""

from io import BytesIO

import pytest

from trine import App, request, send_file, send_from_directory, stream_with_context
from trine.http.file_response import media_type_of


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("0123456789")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "files" / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = App()
    app.origin = tmp_path

    @app.page("/one")
    def one():
        return send_file("files/a.txt", max_age=60)

    @app.page("/attached")
    async def attached():
        return send_file("files/a.txt", as_attachment=True, download_name="Übung.txt")

    @app.page("/memory")
    def memory():
        return send_file(BytesIO(b"in memory"), download_name="a.csv")

    @app.page("/open")
    def opened():
        return send_file((tmp_path / "files" / "a.txt").open("rb"), mimetype="text/plain", as_attachment=True)

    @app.page("/unnamed")
    def unnamed():
        return send_file(BytesIO(b""))

    @app.page("/from/{name:path}")
    def from_folder(name: str):
        return send_from_directory("files", name)

    @app.page("/upload", methods=["POST"], csrf=False)
    def upload():
        file = request.files["file"]
        return {"name": file.filename, "size": len(file.file.read())}

    @app.page("/stream")
    def stream():
        @stream_with_context
        def pieces():
            yield request.path

        return pieces()

    return app


def test_files_of_the_application(shop, client_for):
    client = client_for(shop)
    whole = client.get("/one")
    assert (whole.text, whole.headers["content-type"]) == ("0123456789", "text/plain; charset=utf-8")
    assert whole.headers["cache-control"] == "public, max-age=60"
    assert client.get("/one", headers={"range": "bytes=2-4"}).text == "234"
    assert client.get("/one", headers={"if-none-match": whole.headers["etag"]}).status_code == 304
    assert client.get("/attached").headers["content-disposition"] == "attachment; filename*=utf-8''%C3%9Cbung.txt"
    memory = client.get("/memory")
    assert (memory.text, memory.headers["content-type"]) == ("in memory", "text/csv; charset=utf-8")
    assert memory.headers["content-disposition"] == 'inline; filename="a.csv"'
    opened = client.get("/open")
    assert (opened.text, opened.headers["content-disposition"]) == ("0123456789", "attachment")
    assert client.get("/stream").text == "/stream"


def test_an_open_file_without_a_name_is_a_mistake(shop, client_for):
    with pytest.raises(ValueError, match=r"cannot tell its type\. Pass download_name= or mimetype="):
        client_for(shop).get("/unnamed")


@pytest.mark.parametrize("name", ["data:text/html,a.csv", "data:image/png;base64,a.csv", "http://[/a.csv", "//[a.csv"])
def test_a_name_like_a_url_has_the_type_of_its_ending(name):
    assert media_type_of(name) == "text/csv"


OUTSIDE = ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "link.txt", "/etc/passwd", "..%5csecret.txt"]


@pytest.mark.parametrize("name", [*OUTSIDE, "none.txt", "a.txt/", "", "a%00.txt"])
def test_names_that_lead_outside_are_not_found(shop, client_for, name):
    client = client_for(shop)
    assert client.get("/from/a.txt").text == "0123456789"
    response = client.get(f"/from/{name}")
    assert response.status_code == 404
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/absolute/a.png", "a.png"),
        ("C:\\Users\\ada\\a.png", "a.png"),
        ("a.png", "a.png"),
    ],
)
def test_uploads_with_hostile_names_have_no_folders(shop, client_for, sent, named):
    answer = client_for(shop).post("/upload", files={"file": (sent, b"12345")}).json()
    assert answer == {"name": named, "size": 5}
