"""`trine dev`: serve while the application is written."""

import sys
from pathlib import Path
from typing import Any

import click

from .program import TARGET_HELP, given_target, target_argument
from .run import prepare_logs
from .serving import ServerCommand, common_options

EPILOG = """
\b
Examples:
  trine dev
  trine dev shop.py --port 9000
  trine dev shop.py --watch ../library
"""


@click.command("dev", cls=ServerCommand, epilog=EPILOG)
@target_argument
@common_options
@click.option("--reload/--no-reload", default=True, help="Start anew when a file changes.", show_default=True)
@click.option("--watch", multiple=True, type=click.Path(exists=True), help="Another folder or file to watch. May be repeated.")
def command(target: str | None, reload: bool, watch: tuple[str, ...], **options: Any) -> None:
    """Serve an application while it is written: development mode, with reload and error pages."""
    from trine.server.options import ServerOptions
    from trine.server.run import run
    from trine.server.target import watched_folder

    chosen = ServerOptions(target=given_target(target), development=True, drain_timeout=1.0, **options)
    prepare_logs(chosen.log_level)
    folder = watched_folder(chosen.target)

    def announce(served: ServerOptions, facts: dict[str, Any]) -> None:
        click.echo(banner(served, facts.get("docs"), folder if reload else None), err=True)

    if not reload:
        sys.exit(run(chosen, announce=announce))
    from trine.server.reload import watch_files

    with watch_files([folder, Path(chosen.env_file).absolute(), *map(Path, watch)]) as changes:
        sys.exit(run(chosen, announce=announce, changes=changes))


command.help = f"{command.help}\n\n{TARGET_HELP}"


def banner(options: Any, docs: str | None, folder: Path | None) -> str:
    """What is served, and where."""
    rows = [("serves", options.target), ("address", click.style(options.url, bold=True))]
    if docs and not options.uds:
        rows.append(("docs", options.url + docs))
    if folder is not None:
        rows.append(("reloads", f"when a file changes in {folder}"))
    rows.append(("stops", "with Ctrl-C; for production there is trine run"))
    lines = [f"  {click.style(f'{name:<8}', fg='cyan')} {value}" for name, value in rows]
    return "\n".join(["", click.style("trine dev", bold=True), *lines, ""])
