"""Words of FastAPI, Flask and Django that are spelled otherwise here: the error says how."""

import re
from importlib import import_module

import pytest

import trine
from trine import App, SetupError
from trine.familiar import _ROOMS


def test_an_import_says_where_a_name_is():
    with pytest.raises(ImportError) as refused:
        from trine import CORSMiddleware  # noqa: F401 - refused
    said = "There is no 'CORSMiddleware' in trine itself. Write: from trine.middleware import CORSMiddleware"
    assert (str(refused.value), refused.value.name) == (said, "CORSMiddleware")
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        from trine import nothing  # noqa: F401 - refused


def test_who_looks_for_an_attribute_is_told_that_there_is_none():
    assert not hasattr(trine, "CORSMiddleware")
    with pytest.raises(AttributeError, match="module 'trine' has no attribute 'CORSMiddleware'"):
        _ = trine.CORSMiddleware


@pytest.mark.parametrize("room", _ROOMS)
def test_every_name_is_where_the_error_says(room):
    assert [name for name in _ROOMS[room] if not hasattr(import_module(room), name)] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("route", "App has no 'route'. Write @app.page('/path') for what browsers see, @app.get('/path') for an API."),
        ("test_client", "App has no 'test_client'. Write: from trine.testing import TestClient; TestClient(app)"),
        ("nothing", "App has no 'nothing'."),
    ],
)
def test_an_application_says_what_to_write(name, said):
    with pytest.raises(AttributeError, match=f"^{re.escape(said)}$"):
        getattr(App(), name)


def test_a_key_that_would_be_nowhere_is_refused():
    app = App()
    with pytest.raises(AttributeError, match="The key is a setting: TRINE_SECRET_KEY"):
        app.secret_key = "secret"
    app.own = 1
    assert app.own == 1


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/posts/<int:id>", "/posts/{id:int}"),
        ("/<name>.<string(length=2):ending>", "/{name}.{ending}"),
        ("/files/<path:rest>", "/files/{rest:path}"),
    ],
)
def test_parameters_in_angle_brackets_are_refused(path, meant):
    app = App()
    app.get(path)(lambda: None)
    with pytest.raises(SetupError) as refused:
        app.prepare()
    assert (refused.value.message, refused.value.hint) == (
        f"Path '{path}' has parameters in angle brackets.",
        f"Write '{meant}'.",
    )
