"""`trine shell`: Python with the application and its models at hand, and `await` at the prompt."""

import ast
import asyncio
import code
import inspect
import sys
from collections.abc import Coroutine
from types import CodeType, FunctionType
from typing import Any

import click

from .data import load_models
from .program import env_file, load_application


@click.command("shell")
@click.option("--command", "-c", "source", help="Run this, and end. `await` is allowed.")
@click.option("--plain", is_flag=True, help="Python's own prompt, also where IPython is installed.")
@env_file
def command(source: str | None, plain: bool, env_file: str) -> None:
    """Open Python with `app` and every model by its name. `await Book.objects.first()` works at the prompt."""
    from trine.db import F, Q, registry

    load_models(env_file)
    app = load_application(None, env_file=env_file)
    names = {"app": app, "F": F, "Q": Q, **{model.__name__: model for model in registry}}
    if source is None and sys.stdin.isatty() and not plain and _ipython(names):
        return
    with asyncio.Runner() as runner:
        runner.run(_databases("open"))
        try:
            console = AsyncConsole(names, runner)
            if source is not None or not sys.stdin.isatty():
                console.run(source if source is not None else sys.stdin.read())
            else:
                console.interact(banner=f"Python {sys.version.split()[0]} with {', '.join(names)}.", exitmsg="")
        finally:
            runner.run(_databases("close"))


class AsyncConsole(code.InteractiveConsole):
    """Python's prompt, at which `await` may be written."""

    def __init__(self, names: dict[str, Any], runner: asyncio.Runner) -> None:
        super().__init__(names)
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._runner = runner

    def run(self, source: str) -> None:
        """Run a whole program. What it raises goes on."""
        self._run(compile(source, "<shell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))

    def runcode(self, code: CodeType) -> None:
        """Run what was typed, and show what it raises."""
        try:
            self._run(code)
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001 - whatever somebody types
            self.showtraceback()

    def _run(self, code: CodeType) -> None:
        result = FunctionType(code, self.locals)()
        if inspect.iscoroutine(result):
            waited: Coroutine[Any, Any, Any] = result
            self._runner.run(waited)


async def _databases(act: str) -> None:
    from trine.db import databases

    for database in list(databases().values()):
        await getattr(database, act)()


def _ipython(names: dict[str, Any]) -> bool:
    """Start IPython where it is installed: it understands `await` by itself."""
    try:
        from IPython import start_ipython  # type: ignore[import-not-found,unused-ignore] # somebody's own choice
    except ModuleNotFoundError:
        return False
    start_ipython(argv=[], user_ns=names)
    return True
