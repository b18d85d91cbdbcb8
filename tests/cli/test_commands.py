"""The manners of the `trine` command, and what its commands print."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trine.cli.main import cli
from trine.cli.serving import ServerCommand
from trine.settings.source import SERVER_VARIABLES

COMMANDS = ["run", "dev", "check", "routes", "openapi", "client", "collectstatic", "new"]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(trine, command):
    answer = trine(command, "--help")
    assert answer.status == 0
    assert f"trine {command}" in answer.out.partition("Examples:")[2]


def test_help_lists_commands_and_exit_status(trine):
    answer = trine("--help")
    assert answer.status == 0
    for command in COMMANDS:
        assert f"  {command} " in answer.out
    assert "Exit status: 0 all went well" in answer.out


def test_version_names_what_a_report_needs(trine):
    assert trine("--version").out.startswith("trine 0.1.0 (Python 3.")


def test_misspelled_command_is_answered_with_the_one_that_was_meant(trine):
    answer = trine("rnu")
    assert answer.status == 2
    assert answer.err.splitlines()[-1] == "Error: There is no command 'rnu'. Did you mean 'run'?"


def test_file_in_the_place_of_a_command(trine):
    answer = trine("shop.py")
    assert answer.status == 2
    assert answer.err.splitlines()[-1] == "Error: There is no command 'shop.py'. To serve a file: trine dev shop.py"


def test_misspelled_option_is_answered_with_the_one_that_was_meant(trine):
    answer = trine("run", "--worker", "2")
    assert answer.status == 2
    assert "Did you mean" in answer.err
    assert "--workers" in answer.err


def test_routes_say_where_they_are_written(trine, shop):
    answer = trine("routes", "shop.py")
    assert answer.status == 0
    assert answer.out.splitlines() == [
        "METHODS    PATH             NAME      HANDLER",
        "GET        /items/{id:int}  item      shop.py:6",
        "POST       /items           add_item  shop.py:11",
        "WEBSOCKET  /talk            talk      shop.py:16",
    ]


def test_routes_as_json(trine, shop):
    found = json.loads(trine("routes", "shop.py", "--json").out)
    assert found[0] == {"methods": ["GET"], "path": "/items/{id:int}", "name": "item", "handler": "shop.py:6"}


def test_colours_are_for_terminals(trine, shop, monkeypatch):
    assert "\x1b[" not in trine("routes", "shop.py").out
    assert "\x1b[1m" in trine("routes", "shop.py", color=True).out


def test_no_color_is_respected(shop):
    command = [BIN / "trine", "check", "nowhere.py"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=shop.parent, env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
    assert run.returncode == 1
    assert run.stderr == "Error: There is no file nowhere.py. Name the file that makes the App.\n"


def test_openapi_is_printed_or_written(trine, shop):
    printed = json.loads(trine("openapi", "shop.py").out)
    assert printed["info"]["title"] == "Shop"
    assert trine("openapi", "shop.py", "--output", "api.json", "--indent", "0").status == 0
    assert json.loads((shop.parent / "api.json").read_text()) == printed


def test_check_finds_nothing_wrong(trine, shop):
    answer = trine("check", "shop.py")
    assert (answer.status, answer.out) == (0, "No problems: 2 routes, ready for trine run.\n")


def test_check_lists_what_would_stop_production(trine, shop, monkeypatch):
    (shop.parent / ".env").write_text("TRINE_ALLOWED_HOSTS=*\nTRINE_COLOUR=red\n")
    monkeypatch.setenv("TRINE_TRUSTED_PROXIES", "*")
    monkeypatch.setenv("TRINE_ACCEPT_RISKS", "any-proxy")
    answer = trine("check", "shop.py")
    assert answer.status == 1
    assert answer.out == (
        "Problem: allowed_hosts is '*': links and caches can be poisoned with any Host header. "
        "Set TRINE_ALLOWED_HOSTS to the names that you serve: example.org,.example.org [any-host]\n"
        "Accepted: trusted_proxies is '*': any client can choose the address and host that it seems to come from. "
        "Set TRINE_TRUSTED_PROXIES to the addresses of your proxies: 10.0.0.0/8 [any-proxy]\n"
        "Problem: TRINE_COLOUR is not a setting. (.env:2) Remove it, or install the battery that reads it. [unknown-setting]\n"
        "2 problems: trine run would refuse to start.\n"
    )


def test_check_knows_the_address(trine, shop):
    answer = trine("check", "shop.py", "--host", "0.0.0.0")
    assert answer.status == 1
    assert "The server listens on 0.0.0.0" in answer.out


def test_check_reports_mistakes_in_settings(trine, shop, monkeypatch):
    monkeypatch.setenv("TRINE_THREADS", "many")
    answer = trine("check", "shop.py")
    assert (answer.status, answer.err) == (
        1,
        "Error: TRINE_THREADS is 'many', but it should be a valid integer, unable to parse string as an integer.\n",
    )


def test_mistake_in_the_program_is_shown_with_its_place(trine, folder):
    (folder / "broken.py").write_text("x = 1\nundefined_name\n")
    answer = trine("routes", "broken.py")
    assert answer.status == 1
    assert answer.err == (
        "Error: broken.py cannot be imported. NameError: name 'undefined_name' is not defined (broken.py:2)\n"
        "Traceback (most recent call last):\n"
        f'  File "{folder}/broken.py", line 2, in <module>\n'
        "    undefined_name\n"
        "NameError: name 'undefined_name' is not defined\n"
    )


def test_folder_without_program(trine, folder):
    answer = trine("run")
    assert answer.status == 2
    assert answer.err.splitlines()[-1].startswith(f"Error: There is no program in {folder}: none of app.py")


@pytest.mark.parametrize(("given", "missing"), [("--tls-certificate", "--tls-key"), ("--tls-key", "--tls-certificate")])
def test_half_of_tls_is_refused(trine, shop, given, missing):
    (shop.parent / "half.pem").write_text("")
    answer = trine("run", "shop.py", given, "half.pem")
    assert answer.status == 2
    assert answer.err.splitlines()[-1] == f"Error: TLS needs a certificate and its key: add {missing}."


def test_key_that_does_not_fit_is_refused(trine, shop):
    (shop.parent / "half.pem").write_text("")
    answer = trine("run", "shop.py", "--tls-certificate", "half.pem", "--tls-key", "half.pem")
    assert answer.status == 2
    assert "half.pem and half.pem cannot be used together" in answer.err


def test_file_is_a_source_of_options(trine, shop):
    (shop.parent / ".env").write_text("TRINE_PORT=70000\n")
    answer = trine("run", "shop.py")
    assert answer.status == 2
    assert "70000 is not in the range 0<=x<=65535" in answer.err


def test_every_option_of_the_server_is_a_known_variable():
    read = {parameter.envvar for parameter in cli.params if isinstance(parameter.envvar, str)}
    for name in ("run", "dev"):
        command = cli.get_command(None, name)
        assert isinstance(command, ServerCommand)
        read |= {parameter.envvar for parameter in command.params if isinstance(parameter.envvar, str)}
    assert read == SERVER_VARIABLES


def test_new_project_serves_its_tests(trine, folder):
    answer = trine("new", "my-shop")
    assert answer.status == 0
    written = sorted(str(path.relative_to(folder / "my-shop")) for path in (folder / "my-shop").rglob("*") if path.is_file())
    assert written == [".env.example", ".gitignore", "README.md", "app.py", "pyproject.toml", "settings.py", "tests/test_app.py"]
    assert answer.out.splitlines()[-1] == "Next: cd my-shop && trine dev"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder / "my-shop", capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    check = subprocess.run([BIN / "trine", "check"], cwd=folder / "my-shop", capture_output=True, text=True)
    assert (check.returncode, check.stdout) == (0, "No problems: 2 routes, ready for trine run.\n"), check.stderr


def test_new_project_reads_its_own_variables(trine, folder):
    trine("new", "my-shop")
    example = (folder / "my-shop" / ".env.example").read_text()
    assert "#MY_SHOP_GREETING=Good morning" in example
    # Nothing that could be taken for a secret is written: every line is a comment.
    assert all(not line or line.startswith("#") for line in example.splitlines())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My Shop", "'My Shop' is no name for a project. Use small letters, digits, - and _, as in my-shop."),
        ("there", "there is there already. Name another folder."),
    ],
)
def test_new_project_needs_a_good_and_free_name(trine, folder, name, words):
    (folder / "there").mkdir()
    answer = trine("new", name)
    assert answer.status == 2
    assert answer.err.splitlines()[-1] == f"Error: {words}"


def test_command_line_loads_only_what_it_needs():
    heavy = ["asyncio", "granian", "msgspec", "pydantic", "trine.app", "trine.http", "watchfiles"]
    script = (
        "import sys\nfrom trine.cli.main import cli\ncli.get_command(None, 'run')\nimport trine.server.run\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_an_older_document_tells_what_breaks(trine, shop):
    assert trine("openapi", "shop.py", "--output", "old.json").status == 0
    same = trine("openapi", "shop.py", "--check", "old.json")
    assert (same.status, same.out, same.err) == (0, "", "No breaking changes.\n")
    old = json.loads(Path("old.json").read_text())
    old["paths"]["/items"]["get"] = old["paths"]["/items"]["post"]
    old["paths"]["/items/{id}"]["get"]["responses"]["201"] = {"description": "Made"}
    Path("old.json").write_text(json.dumps(old))
    changed = trine("openapi", "shop.py", "--check", "old.json", "--output", "new.json")
    assert changed.status == 1
    assert changed.out.splitlines() == [
        "Breaking: GET /items/{id}: the answer 201 was removed (there is 200)",
        "Breaking: GET /items: was removed",
        "2 breaking changes.",
    ]
    assert not Path("new.json").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "old.json cannot be read: No such file or directory."),
        ("{", "old.json is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", "old.json is no OpenAPI 3 document. `trine openapi --output old.json` writes one."),
        ('{"swagger": "2.0"}', "old.json is no OpenAPI 3 document. `trine openapi --output old.json` writes one."),
    ],
)
def test_an_older_document_that_is_none_is_refused(trine, shop, text, message):
    if text is not None:
        Path("old.json").write_text(text)
    answer = trine("openapi", "shop.py", "--check", "old.json")
    assert (answer.status, answer.err.splitlines()[-1]) == (2, f"Error: {message}")
