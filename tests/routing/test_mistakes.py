"""Mistakes in declarations are found at the start, all at once, each with a hint."""

import pytest

from trine import APIRouter, App, Path, Query, SetupError
from trine.routing import register_converter


def problem_of(app: App) -> str:
    """The message with which the start fails, without the places in files."""
    with pytest.raises(SetupError) as raised:
        app.prepare()
    problems = [f"{problem.message} {problem.hint}".strip() for problem in raised.value.problems]
    return "\n".join(problems)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("items", "Path 'items' must start with '/'. Write '/items'."),
        ("/{id}/{id}", "Path '/{id}/{id}' has the parameter 'id' twice. Rename one of them."),
        ("/{1}", "Path '/{1}' has a parameter named '1'. Use a Python identifier."),
        ("/{}", "Path '/{}' has a parameter named ''. Use a Python identifier."),
        ("/{id", "Path '/{id' has a brace that does not belong to a parameter. Write '{name}'."),
        ("/id}", "Path '/id}' has a brace that does not belong to a parameter. Write '{name}'."),
        (
            "/{id:integer}",
            "Path '/{id:integer}' asks for the converter 'integer', which does not exist. "
            "Use one of: float, int, path, str, uuid; or add it with register_converter().",
        ),
    ],
)
def test_paths_that_cannot_be_understood(path, message):
    app = App()

    @app.get(path)
    def show() -> None: ...

    found = problem_of(app)
    # Other tests may have added converters.
    assert found.partition(" Use one of")[0] == message.partition(" Use one of")[0]


def test_two_routes_for_one_path():
    app, router = App(), APIRouter(prefix="/items")

    @app.get("/items/{id}")
    def show(id: str) -> str:
        return id

    @router.get("/{name}")
    def other(name: str) -> str:
        return name

    app.include_router(router)
    assert problem_of(app) == (
        "GET /items/{name} is answered twice: by 'show' (/items/{id}) and 'other'. "
        "Change one of the paths, or remove one of the routes."
    )


def test_same_path_with_other_methods_or_types_is_no_conflict():
    app = App()
    app.add_api_route("/{id}", lambda id: id, methods=["GET"], name="a")
    app.add_api_route("/{id}", lambda id: id, methods=["POST"], name="b")
    app.add_api_route("/{id:int}", lambda id: id, methods=["GET"], name="c")
    app.prepare()


def test_a_path_parameter_that_the_path_does_not_have():
    app = App()

    @app.get("/items/{id}")
    def show(item: int = Path()) -> int:
        return item

    assert problem_of(app) == (
        "test_a_path_parameter_that_the_path_does_not_have.<locals>.show() declares the path parameter 'item', "
        "but the path '/items/{id}' has no '{item}'. Add '{item}' to the path."
    )


def test_a_path_parameter_declared_as_something_else():
    app = App()

    @app.get("/items/{id}")
    def show(id: int = Query()) -> int:
        return id

    assert problem_of(app) == (
        "'id' of test_a_path_parameter_declared_as_something_else.<locals>.show() is part of the path, but declared as Query(). "
        "Declare it as Path(), or rename the parameter."
    )


def test_all_mistakes_are_told_at_once():
    app = App()
    app.add_api_route("a", lambda: 1)
    app.add_api_route("b", lambda: 1)
    with pytest.raises(SetupError) as raised:
        app.prepare()
    line = test_all_mistakes_are_told_at_once.__code__.co_firstlineno
    assert str(raised.value) == (
        "2 problems in the application's declarations:\n"
        f"  1. Path 'a' must start with '/'. ({__file__}:{line + 2}) Write '/a'.\n"
        f"  2. Path 'b' must start with '/'. ({__file__}:{line + 3}) Write '/b'."
    )


def test_the_place_of_a_mistake_is_named():
    app = App()

    @app.get("/{id}")
    def first(id: str) -> str:
        return id

    @app.get("/{name}")
    def second(name: str) -> str:
        return name

    with pytest.raises(SetupError) as raised:
        app.prepare()
    file, _, line = raised.value.where.rpartition(":")
    assert (file, int(line)) == (second.__code__.co_filename, second.__code__.co_firstlineno)


@pytest.mark.parametrize(
    ("name", "pattern", "message"),
    [
        ("a-b", ".", "Converter name 'a-b' is not an identifier. Use letters, digits and underscores."),
        (
            "bad",
            "(",
            "The pattern '(' of converter 'bad' is not a regular expression: missing ), unterminated subpattern at position 0.",
        ),
    ],
)
def test_converters_that_cannot_work(name, pattern, message):
    with pytest.raises(SetupError) as raised:
        register_converter(name, pattern)
    assert str(raised.value) == message
