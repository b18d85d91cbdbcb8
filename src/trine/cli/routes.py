"""`trine routes`: which function answers which path."""

import inspect
import json
import os
from collections.abc import Iterator
from typing import Any

import click

from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine routes shop.py
  trine routes shop.py --json | jq '.[].path'
"""
COLUMNS = ("methods", "path", "name", "handler")


@click.command("routes", epilog=EPILOG)
@target_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@env_file
def command(target: str | None, as_json: bool, env_file: str) -> None:
    """Show which function answers which path, and where it is written."""
    app = load_application(target, env_file=env_file)
    app.prepare()
    found = list(rows(app))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    lines = [{**row, "methods": ",".join(row["methods"])} for row in found]
    widths = {column: max([len(column), *(len(line[column]) for line in lines)]) for column in COLUMNS}
    click.echo(click.style("  ".join(column.upper().ljust(widths[column]) for column in COLUMNS).rstrip(), bold=True))
    for line in lines:
        click.echo("  ".join(line[column].ljust(widths[column]) for column in COLUMNS).rstrip())


command.help = f"{command.help}\n\n{TARGET_HELP}"


def rows(app: Any) -> Iterator[dict[str, Any]]:
    """Every route, WebSocket and mount, in the order of their declaration."""
    from trine.routing import FrontendRoute, Mount, Route, WebSocketRoute, flat_route

    for entry, layer in app.walk():
        if isinstance(entry, Route):
            methods, handler = list(entry.methods), entry.handler
        elif isinstance(entry, WebSocketRoute):
            methods, handler = ["WEBSOCKET"], entry.handler
        elif isinstance(entry, Mount):
            methods, handler = ["MOUNT"], entry.app
        elif isinstance(entry, FrontendRoute):
            methods, handler = ["FRONTEND"], entry.frontend
        else:
            continue
        paths = [layer.prefix + entry.path]
        if isinstance(entry, Route) and app.versions is not None:
            # A route may stand at a path of its own in each API version.
            paths = list(dict.fromkeys(flat.path for flat in app.versions.expand(flat_route(entry, layer))))
        name = getattr(entry, "name", None) or ""
        yield from ({"methods": methods, "path": path, "name": name, "handler": place(handler)} for path in paths)


def place(handler: Any) -> str:
    """Where a function is written, as an editor opens it."""
    handler = inspect.unwrap(getattr(handler, "func", handler))
    code = getattr(handler, "__code__", None) or getattr(vars(type(handler)).get("__call__"), "__code__", None)
    if code is None:
        return type(handler).__name__
    path = os.path.relpath(code.co_filename)
    return f"{code.co_filename if path.startswith('..') else path}:{code.co_firstlineno}"
