"""Files of a site: found below its folders, kept by browsers for ever, collected and compressed for production."""

import gzip
import json

import brotli
import pytest
import zstandard

from trine import Blueprint, Pages, Settings, SetupError, app_context, render_template_string, url_for
from trine.pages import pages_of

STYLE = "body { background: url('img/dot.svg') } p { background: url(https://other.example/x.png) }" + " " * 300


@pytest.fixture
def shop(site, tmp_path):
    """An application and a blueprint with a folder of files each."""

    def make(**settings):
        for name, text in {
            "static/style.css": STYLE,
            "static/img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "static/.hidden": "secret",
            "part/files/part.js": "let part = 1;",
        }.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        app = site(settings=Settings(secret_key="Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya", **settings))
        part = Blueprint("part", root_path=tmp_path / "part", url_prefix="/part", static_folder="files")
        part.page("/")(lambda: url_for(".static", filename="part.js"))
        app.register_blueprint(part)
        return app

    return make


def test_files_have_addresses_that_change_with_their_content(shop, client_for, tmp_path):
    app = shop(mode="development")
    client = client_for(app)
    with app_context(app):
        address = render_template_string("{{ static('style.css') }}")
        assert address == url_for("static", filename="style.css")
        assert url_for("static", filename="none.css") == "/static/none.css"
    path, _, version = address.partition("?v=")
    assert (path, len(version)) == ("/static/style.css", 12)
    kept = client.get(address)
    assert (kept.text, kept.headers["cache-control"]) == (STYLE, "public, max-age=31536000, immutable")
    for other in ("/static/style.css", "/static/style.css?v=000000000000"):
        assert "immutable" not in client.get(other).headers.get("cache-control", "")
    (tmp_path / "static" / "style.css").write_text("changed")
    with app_context(app):
        assert url_for("static", filename="style.css") != address


def test_files_of_a_blueprint_are_below_its_prefix(shop, client_for):
    client = client_for(shop())
    address = client.get("/part/").text
    assert address.startswith("/part/static/part.js?v=")
    assert client.get(address).text == "let part = 1;"


@pytest.mark.parametrize(
    "path", ["none.css", ".hidden", "../templates/a.html", "%2e%2e/conftest.py", "img", "img/", "..%5cx", "a%00b", "x" * 5000]
)
def test_nothing_else_is_served(shop, client_for, path):
    assert client_for(shop()).get(f"/static/{path}").status_code == 404


def test_collected_files_are_named_and_compressed(shop, tmp_path):
    app = shop()
    done = pages_of(app).files.collect(tmp_path / "out")
    assert (done.files, done.codings) == (3, ("gz", "br", "zst"))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert sorted(manifest) == ["/part/static/part.js", "/static/img/dot.svg", "/static/style.css"]
    style = tmp_path / "out" / manifest["/static/style.css"].lstrip("/")
    dot = manifest["/static/img/dot.svg"].rpartition("/")[2]
    text = style.read_text()
    assert f"url('img/{dot}')" in text
    assert "url(https://other.example/x.png)" in text
    assert gzip.decompress(style.with_name(style.name + ".gz").read_bytes()).decode() == text
    assert brotli.decompress(style.with_name(style.name + ".br").read_bytes()).decode() == text
    assert zstandard.decompress(style.with_name(style.name + ".zst").read_bytes()).decode() == text
    assert not (tmp_path / "out" / "static" / ".hidden").exists()


def test_production_serves_what_was_collected(shop, client_for, tmp_path):
    pages_of(shop()).files.collect(tmp_path / "staticfiles")
    app = shop()
    client = client_for(app)
    with app_context(app):
        address = url_for("static", filename="style.css")
    assert address == json.loads((tmp_path / "staticfiles" / "manifest.json").read_text())["/static/style.css"]
    response = client.get(address, headers={"accept-encoding": "br"})
    assert (response.headers["content-encoding"], response.headers["cache-control"]) == (
        "br",
        "public, max-age=31536000, immutable",
    )
    assert "immutable" not in client.get("/static/style.css").headers.get("cache-control", "")
    assert client.get("/static/manifest.json").status_code == 404


def test_collecting_again_removes_what_is_gone_and_touches_nothing_else(shop, tmp_path):
    files, target = pages_of(shop()).files, tmp_path / "out"
    files.collect(target)
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*") if path.is_file()}
    assert files.collect(target).removed == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    (tmp_path / "part" / "files" / "part.js").unlink()
    assert files.collect(target).removed == 2
    assert not (target / "part").exists()


def test_a_folder_with_other_things_in_it_is_not_cleared(shop, tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    pages_of(shop()).files.collect(target)
    assert (target / "thesis.txt").read_text() == "years of work"


def test_without_files_the_command_says_where_they_belong(tmp_path, site):
    with pytest.raises(SetupError, match=r"There are no files to collect: no folder .*/static\. Make it"):
        pages_of(site()).files.collect(tmp_path / "out")


def test_a_broken_manifest_stops_the_start(shop, tmp_path):
    (tmp_path / "staticfiles").mkdir()
    (tmp_path / "staticfiles" / "manifest.json").write_text("{")
    with pytest.raises(SetupError, match=r"manifest\.json cannot be read: .* Run: trine collectstatic"):
        shop().prepare()


def test_mistakes_are_told(site):
    with pytest.raises(SetupError, match=r"Pages has static_url_path='static'\. Write it as '/static'"):
        Pages(static_url_path="static")
    with pytest.raises(SetupError, match=r"Pages is installed twice, or after something that needs it"):
        site().install(Pages())
