"""Links that expire, and uploads from browsers."""

from urllib.error import HTTPError
from urllib.request import Request as URLRequest
from urllib.request import urlopen

import pytest

from trine import App, HTTPException, Settings, SetupError
from trine.errors import BadSignature
from trine.storage import Storage, StorageOptions, Storages, get_storage

from ..services import S3_OPTIONS

KEY = "Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@pytest.fixture(params=["local", "memory"])
def storages(request, tmp_path) -> Storages:
    return Storages(str(tmp_path / "files") if request.param == "local" else "memory://", other="memory://")


@pytest.fixture
def client(storages, client_for):
    app = App(settings=Settings(secret_key=KEY))
    app.install(storages)
    return client_for(app)


def link(client, storages, name: str, content: bytes = b"0123456789", **options) -> str:
    storages.default.sync.save(name, content)
    return client.portal.call(storages.default.url(name, **options))


def test_a_link_gives_the_file(client, storages):
    answer = client.get(link(client, storages, "a/b.txt"))
    assert (answer.status_code, answer.content) == (200, b"0123456789")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == "inline; filename*=utf-8''b.txt"
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_link_gives_ranges(client, storages):
    url = link(client, storages, "movie.mp4")
    part = client.get(url, headers={"range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert client.get(url, headers={"range": "bytes=50-"}).status_code == 416
    head = client.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "unknown"])
def test_what_could_run_is_downloaded(client, storages, name):
    answer = client.get(link(client, storages, name))
    assert answer.headers["content-disposition"].startswith("attachment; ")


def test_a_link_may_say_how_the_file_is_saved(client, storages):
    answer = client.get(link(client, storages, "x9.pdf", download="Bericht März.pdf"))
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''Bericht-M%C3%A4rz.pdf"


def test_a_changed_link_is_not_found(client, storages):
    url = link(client, storages, "a.txt")
    token = url.split("/")[2]
    assert client.get(url.replace(token, token[:-2] + "AA")).status_code == 404
    assert client.get("/stored/nothing/a.txt").status_code == 404


def test_an_old_link_is_gone(client, storages):
    assert client.get(link(client, storages, "a.txt", seconds=-1)).status_code == 410


def test_a_link_to_a_deleted_file_is_not_found(client, storages):
    url = link(client, storages, "a.txt")
    storages.default.sync.delete("a.txt")
    assert client.get(url).status_code == 404


def test_a_browser_uploads_by_itself(client, storages):
    files = storages.default
    upload = client.portal.call(files.start_upload("My cat.PNG", content_types=["image/png"], max_size=1000))
    assert upload.name.endswith("/My-cat.png")
    assert client.put(upload.url, content=PNG, headers=upload.headers).status_code == 204
    assert client.put(upload.url, content=PNG, headers=upload.headers).status_code == 409
    info = client.portal.call(files.finish_upload(upload.token))
    assert (info.name, info.size, info.content_type) == (upload.name, 108, "image/png")


def test_an_upload_keeps_to_what_was_allowed(client, storages):
    files = storages.default
    with pytest.raises(HTTPException, match="is not taken here, only image/png"):
        client.portal.call(files.start_upload("run.sh", content_types=["image/png"]))
    upload = client.portal.call(files.start_upload("cat.png", max_size=100))
    assert client.put(upload.url, content=PNG, headers=upload.headers).status_code == 413
    assert client.put(upload.url, content=iter([PNG]), headers=upload.headers).status_code == 413
    assert client.put(upload.url, content=b"x", headers={"content-type": "text/html"}).status_code == 415
    with pytest.raises(FileNotFoundError):
        client.portal.call(files.finish_upload(upload.token))


def test_an_upload_that_is_something_else_is_deleted(client, storages):
    files = storages.default
    upload = client.portal.call(files.start_upload("cat.png"))
    assert client.put(upload.url, content=b"<script>", headers=upload.headers).status_code == 204
    with pytest.raises(HTTPException, match="not of the type image/png"):
        client.portal.call(files.finish_upload(upload.token))
    assert not files.sync.exists(upload.name)


def test_the_token_of_an_upload_counts_for_its_storage_alone(client, storages):
    upload = client.portal.call(storages["other"].start_upload("cat.png"))
    with pytest.raises(HTTPException, match="belongs to the storage 'other'"):
        client.portal.call(storages.default.finish_upload(upload.token))
    with pytest.raises(BadSignature):
        client.portal.call(storages.default.finish_upload("forged"))


async def test_s3_signs_its_own_links(s3_endpoint):
    options = StorageOptions(url="s3://files/links", options={**S3_OPTIONS, "endpoint": s3_endpoint})
    storages = Storages("memory://", bucket=options)
    App(settings=Settings(secret_key=KEY)).install(storages)
    bucket = storages["bucket"]
    await bucket.save("a b.txt", b"hello", if_exists="replace")
    url = await bucket.url("a b.txt")
    assert url.startswith(s3_endpoint)
    assert fetch(url) == (200, b"hello")

    upload = await bucket.start_upload("cat.png", max_size=150)
    assert fetch(upload.url, "PUT", PNG, upload.headers)[0] == 200
    assert (await bucket.finish_upload(upload.token)).size == 108

    upload = await bucket.start_upload("cat.png", max_size=50)
    fetch(upload.url, "PUT", PNG, upload.headers)
    with pytest.raises(HTTPException, match="413"):
        await bucket.finish_upload(upload.token)
    assert not await bucket.exists(upload.name)


def test_a_download_name_of_s3_goes_through_the_application(s3_endpoint, client_for):
    options = StorageOptions(url="s3://files/names", options={**S3_OPTIONS, "endpoint": s3_endpoint})
    storages, app = Storages("memory://", bucket=options), App(settings=Settings(secret_key=KEY))
    app.install(storages)
    client = client_for(app)
    storages["bucket"].sync.save("a.txt", b"hello", if_exists="replace")
    answer = client.get(client.portal.call(storages["bucket"].url("a.txt", download="greeting.txt")))
    assert (answer.content, answer.headers["content-disposition"]) == (b"hello", "attachment; filename*=utf-8''greeting.txt")


async def test_public_files_have_plain_addresses():
    storage = Storage("memory://", public_url="https://cdn.example.org/files/")
    assert await storage.url("a/Größe 1.txt") == "https://cdn.example.org/files/a/Gr%C3%B6%C3%9Fe%201.txt"


def test_storages_come_from_the_settings(client_for, tmp_path):
    env = {"TRINE_SECRET_KEY": KEY, "TRINE_STORAGE_URL": str(tmp_path), "TRINE_STORAGE_OTHERS": '{"media": {"url": "memory://"}}'}
    app = App(settings=Settings.load(env, dotenv=None))
    app.install(Storages())
    client_for(app)
    assert get_storage("media").sync.save("a.txt", b"x").name == "a.txt"
    assert get_storage().path("a.txt") == tmp_path / "a.txt"
    with pytest.raises(SetupError, match=r"There is no storage 'meida'\. There are default, media"):
        get_storage("meida")


async def test_links_need_a_secret_key():
    app = App(settings=Settings())
    app.install(storages := Storages("memory://"))
    with pytest.raises(SetupError, match="Links to files are signed, and there is no secret key"):
        await storages.default.url("a.txt")
    assert "no-secret-key" in [problem.name for problem in storages.check(app.settings)]
    with pytest.raises(SetupError, match="no application that would answer its links"):
        await Storage("memory://").url("a.txt")


def fetch(
    url: str, method: str = "GET", content: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask another server, as a browser would."""
    try:
        with urlopen(URLRequest(url, content, headers or {}, method=method)) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()
