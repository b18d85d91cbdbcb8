"""From what a user types to the application, with the place of every mistake."""

import json
import os
import sys
from pathlib import Path

import pytest

from trine import SetupError
from trine.server.target import LoadError, find_target, load_target

APP = "from trine import App\napp = App(title={title!r})\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """An empty working directory; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def mistake(target: str) -> str:
    with pytest.raises(SetupError) as refused:
        load_target(target)
    return str(refused.value)


def test_file_is_loaded():
    write("shop1.py", APP.format(title="One"))
    assert load_target("shop1.py").title == "One"


def test_file_in_another_folder_finds_its_neighbours():
    write("sub/neighbour2.py", "TITLE = 'Two'\n")
    write("sub/shop2.py", "from trine import App\nfrom neighbour2 import TITLE\napp = App(title=TITLE)\n")
    assert load_target("sub/shop2.py").title == "Two"


def test_name_module_and_package():
    write("shop3/__init__.py", "")
    write("shop3/names.py", "TITLE = 'Three'\n")
    write("shop3/main.py", "from trine import App\nfrom .names import TITLE\nshop = App(title=TITLE)\n")
    assert load_target("shop3.main:shop").title == "Three"
    assert load_target("shop3/main.py:shop").title == "Three"
    assert load_target(f"{os.getcwd()}/shop3/main.py").title == "Three"


def test_function_that_makes_the_application():
    write("shop4.py", "from trine import App\ndef make():\n    return App(title='Four')\n")
    assert load_target("shop4:make()").title == "Four"
    assert mistake("shop4.py:make") == (
        f"shop4.py:make is no application, but a function. ({os.getcwd()}/shop4.py) "
        "If it makes the application, write shop4.py:make()."
    )


def test_only_application_is_found_under_any_name():
    write("shop5.py", "from trine import App\nstore = App(title='Five')\n")
    assert load_target("shop5.py").title == "Five"


def test_several_applications_must_be_named():
    write("shop6.py", "from trine import App\nfirst = App()\nsecond = App()\n")
    assert mistake("shop6.py") == (
        f"shop6.py has several applications: first, second. ({os.getcwd()}/shop6.py) Name one: trine run shop6.py:first"
    )


def test_asgi_function_is_an_application():
    write("shop7.py", "async def app(scope, receive, send):\n    raise NotImplementedError\n")
    assert load_target("shop7.py").__name__ == "app"


def test_file_that_is_not_there():
    write("shop8.py", "")
    assert mistake("shpo8.py") == "There is no file shpo8.py. Did you mean shop8.py?"


def test_module_that_is_not_there():
    assert mistake("nowhere9:app") == f"There is no module 'nowhere9' in {os.getcwd()}. Name a file, as in: trine run app.py"


def test_name_that_is_not_there():
    write("shop10.py", APP.format(title="Ten"))
    assert mistake("shop10.py:ap") == f"shop10.py:ap: the module has no 'ap'. ({os.getcwd()}/shop10.py) Did you mean 'app'?"


def test_file_without_application():
    write("shop11.py", "x = 1\n")
    assert mistake("shop11.py") == (
        f"shop11.py has no application. ({os.getcwd()}/shop11.py) Add app = App(), or name it: trine run file.py:name"
    )


def test_mistake_in_the_program_has_its_place_and_its_traceback():
    write("shop12.py", "import json\n\n\ndef broken():\n    return json.loads('{')\n\n\nbroken()\n")
    with pytest.raises(LoadError) as refused:
        load_target("shop12.py")
    assert str(refused.value) == (
        "shop12.py cannot be imported. JSONDecodeError: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1) (shop12.py:5)"
    )
    assert refused.value.details.startswith(
        f'Traceback (most recent call last):\n  File "{os.getcwd()}/shop12.py", line 8, in <module>\n'
    )


def test_bad_syntax_has_its_line():
    write("shop13.py", "x = 1\ny = (\n")
    assert mistake("shop13.py") == "shop13.py cannot be imported. SyntaxError: '(' was never closed (shop13.py:2)"


def test_missing_library_is_named_where_it_is_imported():
    write("shop14.py", "\nimport no_such_library\n")
    assert (
        mistake("shop14.py")
        == "shop14.py cannot be imported. ModuleNotFoundError: No module named 'no_such_library' (shop14.py:2)"
    )


def test_mistake_in_a_declaration_keeps_its_words():
    write(
        "shop15.py", "from trine import App\napp = App()\n\n@app.get('no-slash')\ndef show():\n    return 1\n\napp.declarations\n"
    )
    assert "no-slash" in mistake("shop15.py")


def test_program_that_exits_is_refused():
    write("shop16.py", "raise SystemExit(3)\n")
    assert mistake("shop16.py") == "shop16.py ended with 3 while it was imported. A program must not exit when it is imported."


def test_file_whose_name_is_no_python_name():
    write("my-shop.py", APP.format(title="x"))
    assert (
        mistake("my-shop.py")
        == "my-shop.py cannot be imported: 'my-shop' is no Python name. Rename it with letters, digits and _."
    )


def test_file_that_is_called_like_a_module_of_python_is_refused():
    write("json.py", APP.format(title="Hidden"))
    assert mistake("json.py:app") == (
        f"json.py cannot be imported: another module is called 'json' already ({json.__file__}). (json.py) "
        "Give the file a name of its own, as in my_json.py."
    )


def test_program_is_found_where_none_is_named(tmp_path):
    with pytest.raises(SetupError) as refused:
        find_target()
    assert str(refused.value) == (
        f"There is no program in {tmp_path}: none of app.py, main.py, asgi.py, api.py, server.py, wsgi.py. "
        "Name it: trine run shop.py"
    )
    write("shop/__init__.py", "")
    write("shop/main.py", "")
    assert find_target() == "shop/main.py"
    write("other/__init__.py", "")
    write("other/app.py", "")
    with pytest.raises(SetupError) as several:
        find_target()
    assert str(several.value) == "There are several programs here: other/app.py, shop/main.py. Name one: trine run other/app.py"
    write("main.py", "")
    assert find_target() == "main.py"
    write("app.py", "")
    assert find_target() == "app.py"
