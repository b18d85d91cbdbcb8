"""An application's own commands: declared by functions, called from the command line."""

import asyncio
import threading
from datetime import date
from enum import Enum
from typing import Annotated, Literal

import click
import pytest
from pydantic import BaseModel, Field

from trine import App, Depends, HTTPException, Request, SetupError
from trine.commands import build_commands
from trine.concurrency import run_on_loop
from trine.testing import run_command


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def app() -> App:
    return App()


def test_parameters_are_arguments_and_options_by_their_type(app):
    @app.command()
    async def plan(
        title: str,
        day: date,
        colour: Colour = Colour.RED,
        size: Annotated[int, Field(ge=1, description="How many come.")] = 2,
        tags: list[str] = [],  # noqa: B006 - never changed
        public: bool = True,
        dry_run: bool = False,
    ):
        """Plan a meeting."""
        click.echo(repr((title, day, colour, size, tags, public, dry_run)))

    assert run_command(app, "plan", "Tea", "2026-05-01").output == (
        "('Tea', datetime.date(2026, 5, 1), <Colour.RED: 'red'>, 2, [], True, False)\n"
    )
    words = ["--colour", "blue", "--size", "9", "--tags", "a", "--tags", "b", "--no-public", "--dry-run"]
    assert run_command(app, "plan", "Tea", "2026-05-01", *words).output == (
        "('Tea', datetime.date(2026, 5, 1), <Colour.BLUE: 'blue'>, 9, ['a', 'b'], False, True)\n"
    )
    shown = run_command(app, "plan", "--help").output
    assert "Plan a meeting." in shown
    assert "How many come." in shown
    assert "RED|BLUE" in shown.upper()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Tea", "tomorrow"], "Invalid value for 'DAY': 'tomorrow' should be a valid date"),
        (["Tea", "2026-05-01", "--size", "0"], "Invalid value for '--size': '0' should be greater than or equal to 1."),
        (["Tea"], "Missing argument 'DAY'."),
    ],
)
def test_a_wrong_value_is_named_and_nothing_runs(app, words, said):
    @app.command()
    def plan(title: str, day: date, size: Annotated[int, Field(ge=1)] = 2):
        raise AssertionError

    answer = run_command(app, "plan", *words)
    assert answer.exit_code == 2
    assert said in answer.output


def test_literals_and_several_arguments(app):
    @app.command()
    def send(kind: Literal["mail", "post"], to: list[int]):
        click.echo(f"{kind} {to}")

    assert run_command(app, "send", "post", "1", "2").output == "post [1, 2]\n"
    assert run_command(app, "send", "fax", "1").exit_code == 2


def test_dependencies_are_filled_in_without_http_and_cleaned_up(app):
    def settings():
        return {"url": "sqlite://"}

    async def database(settings: Annotated[dict, Depends(settings)]):
        click.echo("open")
        yield settings["url"]
        click.echo("closed")

    @app.command()
    async def migrate(database: Annotated[str, Depends(database)], steps: int = 1):
        click.echo(f"{database} {steps}")

    assert run_command(app, "migrate", "--steps", "3").output == "open\nsqlite:// 3\nclosed\n"
    app.dependency_overrides[settings] = lambda: {"url": "fake://"}
    assert "fake:// 1" in run_command(app, "migrate").output


def test_the_application_is_started_around_a_command_unless_it_says_no(app):
    told = []

    @app.on_event("startup")
    async def start():
        told.append("start")

    @app.on_event("shutdown")
    async def stop():
        told.append("stop")

    @app.command()
    def work():
        told.append("work")

    @app.command(lifespan=False)
    def look():
        told.append("look")

    run_command(app, "work")
    run_command(app, "look")
    assert told == ["start", "work", "stop", "look"]


def test_a_plain_command_runs_in_a_thread_and_may_wait_for_the_loop(app):
    main = threading.get_ident()

    @app.command()
    def wait(ctx: click.Context):
        assert threading.get_ident() != main
        assert click.get_current_context() is ctx
        click.echo(run_on_loop(asyncio.sleep, 0, f"{ctx.command_path} waited"))

    assert run_command(app, "wait").output == "trine wait waited\n"


def test_clicks_own_decorators_and_groups_stand_beside(app):
    users = app.commands.group("users", help="People.")

    @users.command("create")
    @click.option("--password", prompt=True, hide_input=True)
    @click.argument("name", metavar="WHO")
    def create_user(name: str, password: str, admin: bool = False):
        """Create a user."""
        click.echo(f"{name} {len(password)} {admin}")

    @click.command("version")
    def version():
        click.echo("7")

    app.commands.add(version)
    assert "ada 6 True" in run_command(app, "users", "create", "ada", "--admin", input="secret\n").output
    assert run_command(app, "version").output == "7\n"
    assert "WHO" in run_command(app, "users", "create", "--help").output


def test_a_dependency_that_refuses_ends_the_command_with_its_reason(app):
    def door():
        raise HTTPException(403, "Only for members.")

    @app.command()
    def enter(door: Annotated[None, Depends(door)]): ...

    answer = run_command(app, "enter")
    assert (answer.exit_code, answer.output) == (1, "Error: Only for members.\n")


def test_an_exit_status_of_its_own(app):
    @app.command()
    def fail():
        raise SystemExit(3)

    assert run_command(app, "fail").exit_code == 3


def test_mistakes_are_found_before_anything_runs_all_at_once(app):
    class Order(BaseModel):
        count: int

    @app.command()
    def asks(request: Request): ...

    @app.command()
    def order(order: Order): ...

    @app.command()
    def stream():
        yield 1

    @app.command()
    @click.pass_context
    def wrapped(ctx): ...

    @app.command()
    @click.option("--size")
    def misses(): ...

    with pytest.raises(SetupError) as refused:
        build_commands(app)
    assert [problem.message for problem in refused.value.problems] == [
        "asks() asks for the request, which exists only while a request is answered.",
        f"The command order() takes 'order' as {Order}; a command line has text.",
        "The command stream() is a generator.",
        "wrapped() is wrapped by click.pass_context or one of its kin.",
        "The command misses() declares 'size' with Click, and has no parameter of this name.",
    ]


def test_names_are_checked_when_they_are_declared(app):
    @app.command()
    def send_mail(): ...

    assert list(app.commands.members) == ["send-mail"]
    with pytest.raises(SetupError, match="There are two commands named 'send-mail'"):
        app.command("send-mail")(send_mail)
    with pytest.raises(SetupError, match="'Send it' is no name for a command"):
        app.command("Send it")(send_mail)


def test_a_command_is_an_ordinary_function_still(app):
    @app.command()
    def double(number: int) -> int:
        return 2 * number

    assert double(4) == 8
