"""Which route answers a path, and with which values."""

from uuid import UUID

import pytest

from trine import App, Request
from trine.routing import register_converter


def answers(client, path: str):
    """What a path answers: its JSON, or the status where that is not 200."""
    answer = client.get(path)
    return answer.json() if answer.status_code == 200 else answer.status_code


def test_static_path_wins_over_parameter(client_for):
    app = App()

    @app.get("/items/{id}")
    def show(id: str) -> str:
        return id

    @app.get("/items/new")
    def form() -> str:
        return "form"

    client = client_for(app)
    assert answers(client, "/items/new") == "form"
    assert answers(client, "/items/newer") == "newer"


def test_typed_parameters_win_over_text(client_for):
    app = App()

    @app.get("/{word}")
    def word(word: str) -> str:
        return f"word {word}"

    @app.get("/{key:uuid}")
    def key(key: UUID) -> str:
        return f"key {key}"

    @app.get("/{number:int}")
    def number(number: int) -> str:
        return f"number {number}"

    client = client_for(app)
    assert answers(client, "/7") == "number 7"
    assert answers(client, "/7a") == "word 7a"
    assert answers(client, "/0b8f3c9e-7a4d-4d7e-9a53-0f6a1c2d3e4f") == "key 0b8f3c9e-7a4d-4d7e-9a53-0f6a1c2d3e4f"


@pytest.mark.parametrize(
    ("converter", "path", "expected"),
    [
        ("int", "/12", 12),
        ("int", "/007", 7),
        ("int", "/-1", 404),
        ("int", "/1.5", 404),
        ("int", "/x", 404),
        ("int", "/" + "9" * 18, 999_999_999_999_999_999),
        ("int", "/" + "9" * 19, 404),
        ("float", "/1.5", 1.5),
        ("float", "/2", 2.0),
        ("float", "/1.", 404),
        ("float", "/1e5", 404),
        ("float", "/nan", 404),
        ("uuid", "/0B8F3C9E7A4D4D7E9A530F6A1C2D3E4F", "0b8f3c9e-7a4d-4d7e-9a53-0f6a1c2d3e4f"),
        ("uuid", "/0b8f3c9e", 404),
        ("str", "/a b", "a b"),
        ("str", "/caf%C3%A9", "café"),
        ("str", "/", 404),
        ("path", "/a/b//c", "a/b//c"),
        ("path", "/", ""),
    ],
)
def test_converters(client_for, converter, path, expected):
    app = App(redirect_slashes=False)

    @app.get("/{value:" + converter + "}")
    def show(request: Request) -> object:
        value = request.path_params["value"]
        return str(value) if isinstance(value, UUID) else value

    assert answers(client_for(app), path) == expected


def test_digits_of_other_scripts_are_no_integers(client_for):
    app = App()

    @app.get("/{number:int}")
    def show(number: int) -> int:
        return number

    assert answers(client_for(app), "/٣") == 404


def test_own_converters_parse_and_build(client_for):
    from datetime import date

    register_converter("day", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat, lambda value: value.isoformat())
    app = App()

    @app.get("/on/{day:day}", name="day")
    def on(request: Request) -> str:
        return request.path_params["day"].strftime("%A")

    client = client_for(app)
    assert answers(client, "/on/2026-11-21") == "Saturday"
    assert answers(client, "/on/2026-13-45") == 404
    assert app.url_path_for("day", day=date(2026, 11, 21)) == "/on/2026-11-21"


def test_segments_may_mix_text_and_parameters(client_for):
    app = App()

    @app.get("/files/{name}.{ending}")
    def file(name: str, ending: str) -> list[str]:
        return [name, ending]

    @app.get("/files/v{major:int}-{minor:int}")
    def version(major: int, minor: int) -> list[int]:
        return [major, minor]

    @app.get("/files/{name}")
    def plain(name: str) -> str:
        return name

    client = client_for(app)
    assert answers(client, "/files/a.txt") == ["a", "txt"]
    assert answers(client, "/files/v1-2") == [1, 2]
    assert answers(client, "/files/va-b") == "va-b"


def test_dots_in_declared_paths_are_dots(client_for):
    app = App()

    @app.get("/robots.txt")
    def robots() -> str:
        return "robots"

    @app.get("/{name}.json")
    def data(name: str) -> str:
        return name

    client = client_for(app)
    assert answers(client, "/robots.txt") == "robots"
    assert answers(client, "/robots-txt") == 404
    assert answers(client, "/a.json") == "a"
    assert answers(client, "/a-json") == 404


def test_path_parameters_take_the_rest(client_for):
    app = App()

    @app.get("/files/{rest:path}")
    def rest(rest: str) -> str:
        return f"rest {rest}"

    @app.get("/files/{rest:path}/info")
    def info(rest: str) -> str:
        return f"info {rest}"

    @app.get("/files/{name}/edit")
    def edit(name: str) -> str:
        return f"edit {name}"

    client = client_for(app)
    assert answers(client, "/files/a/b/c") == "rest a/b/c"
    assert answers(client, "/files/a/b/info") == "info a/b"
    assert answers(client, "/files/a/edit") == "edit a"
    assert answers(client, "/files/a/b/edit") == "rest a/b/edit"


def test_a_dead_end_leads_back_to_the_less_specific_way(client_for):
    app = App()

    @app.get("/a/{x}/c")
    def one(x: str) -> str:
        return f"one {x}"

    @app.get("/a/b/{y}")
    def two(y: str) -> str:
        return f"two {y}"

    @app.get("/{z}/b/d/e")
    def three(z: str) -> str:
        return f"three {z}"

    client = client_for(app)
    assert answers(client, "/a/b/c") == "two c"
    assert answers(client, "/a/x/c") == "one x"
    assert answers(client, "/a/b/d/e") == "three a"
    assert answers(client, "/a/x/d") == 404


def test_a_method_of_a_less_specific_path_is_found(client_for):
    app = App()

    @app.get("/items/{number:int}")
    def by_number(number: int) -> str:
        return f"number {number}"

    @app.delete("/items/{id}")
    def remove(id: str) -> str:
        return f"removed {id}"

    @app.get("/items/new")
    def form() -> str:
        return "form"

    client = client_for(app)
    assert client.delete("/items/7").json() == "removed 7"
    assert client.delete("/items/new").json() == "removed new"
    assert answers(client, "/items/7") == "number 7"


def test_an_encoded_slash_divides_segments_like_any_other(client_for):
    app = App()

    @app.get("/{one}")
    def one(one: str) -> str:
        return one

    @app.get("/{one}/{two}")
    def two(one: str, two: str) -> list[str]:
        return [one, two]

    assert answers(client_for(app), "/a%2Fb") == ["a", "b"]


def test_many_routes_are_told_apart(client_for):
    app = App()
    for number in range(500):
        app.add_api_route(f"/r{number}/{{id}}", lambda id, number=number: [number, id], name=f"r{number}", inline=True)
    client = client_for(app)
    assert answers(client, "/r0/a")[1] == "a"
    assert client.get("/r499/b").status_code == 200
    assert answers(client, "/r500/c") == 404


def test_routes_added_later_are_served(client_for):
    app = App()
    client = client_for(app)
    assert answers(client, "/late") == 404

    @app.get("/late")
    def late() -> str:
        return "late"

    assert answers(client, "/late") == "late"


def test_one_function_may_answer_several_paths(client_for):
    app = App()

    @app.get("/a")
    @app.get("/b/{id:int}")
    def show(request: Request) -> list:
        return [request.path, request.path_params]

    client = client_for(app)
    assert answers(client, "/a") == ["/a", {}]
    assert answers(client, "/b/7") == ["/b/7", {"id": 7}]
