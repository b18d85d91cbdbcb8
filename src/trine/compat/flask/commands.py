"""`flask run`, `flask shell` and `flask routes`."""

import code
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import is_running_from_reloader, run_simple
from werkzeug.utils import import_string

from .globals import current_app
from .helpers import get_debug_flag
from .script import ScriptInfo, pass_script_info, with_appcontext

if TYPE_CHECKING:
    from werkzeug.routing import Rule


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Say what is served, once: the process that reloads says nothing."""
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        click.echo(f" * Serving Flask app '{app_import_path}'")
    click.echo(f" * Debug mode: {'on' if debug else 'off'}")


class CertParamType(click.ParamType[Any]):
    """A certificate: the path of a file, `adhoc` for one that is made up, or the import name of an `SSLContext`."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Find out which it is."""
        try:
            import ssl
        except ImportError:
            raise click.BadParameter('"--cert" needs Python with SSL.', ctx, param) from None
        try:
            return self.path_type(value, param, ctx)
        except click.BadParameter:
            text = click.STRING(value, param, ctx).lower()
            if text == "adhoc":
                try:
                    import_module("cryptography")
                except ImportError:
                    raise click.BadParameter("A made-up certificate needs the cryptography library.", ctx, param) from None
                return text
            found = import_string(text, silent=True)
            if isinstance(found, ssl.SSLContext):
                return found
            raise


def _check_key(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """A certificate and its key belong together, whichever of them was said first."""
    certificate = ctx.params.get("cert")
    try:
        import ssl
    except ImportError:
        is_context = False
    else:
        is_context = isinstance(certificate, ssl.SSLContext)
    if value is None:
        if certificate and not (certificate == "adhoc" or is_context):
            raise click.BadParameter('"--cert" needs its key: add "--key".', ctx, param)
        return None
    if certificate == "adhoc" or is_context:
        raise click.BadParameter(f'"--key" is not used with {"adhoc" if not is_context else "an SSLContext"}.', ctx, param)
    if not certificate:
        raise click.BadParameter('"--key" belongs to a certificate: add "--cert".', ctx, param)
    ctx.params["cert"] = certificate, value
    return value


class SeparatedPathType(click.Path):
    """Paths with the system's separator between them, ':' or ';'."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split, and check each."""
        return [super(SeparatedPathType, self).convert(item, param, ctx) for item in self.split_envvar_value(value)]


@click.command("run", short_help="Run a development server.")
@click.option("--host", "-h", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", "-p", default=5000, help="Port to listen on.")
@click.option("--cert", type=CertParamType(), is_eager=True, help="Certificate file, for HTTPS.")
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_check_key,
    expose_value=False,
    help="Key of the certificate.",
)
@click.option("--reload/--no-reload", default=None, help="Start anew when a file changes; by default in debug mode.")
@click.option("--debugger/--no-debugger", default=None, help="Show errors in the browser; by default in debug mode.")
@click.option("--with-threads/--without-threads", default=True, help="Answer several requests at once.")
@click.option("--extra-files", default=None, type=SeparatedPathType(), help=f"More files to watch, with '{os.pathsep}' between.")
@click.option(
    "--exclude-patterns",
    default=None,
    type=SeparatedPathType(),
    help=f"Files not to watch, as patterns with '{os.pathsep}' between.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    cert: Any,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Serve the application with Werkzeug's server, while it is written. For production there is `trine run`."""
    application: Callable[..., Any]
    try:
        application = info.load_app()
    except Exception as error:
        if not is_running_from_reloader():
            raise
        # The reloader goes on, and the next change may mend it.
        traceback.print_exc()
        application = _failing(error)
    debug = get_debug_flag()
    show_server_banner(debug, info.app_import_path)
    run_simple(
        host,
        port,
        application,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        threaded=with_threads,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


run_command.params.insert(0, click.Option(["--debug/--no-debug"], expose_value=False, help="Debug mode."))


def _failing(error: Exception) -> Callable[..., Any]:
    """An application that raises what kept the real one from being loaded."""

    def fail(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise error from None

    return fail


@click.command("shell", short_help="Run a shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Run Python with the application's context, and the names of its `shell_context_processor` functions."""
    names: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup, encoding="utf-8") as file:
            exec(compile(file.read(), startup, "exec"), names)  # noqa: S102 - Python's own start-up file
    names.update(current_app.make_shell_context())
    banner = f"Python {sys.version} on {sys.platform}\nApp: {current_app.import_name}\nInstance: {current_app.instance_path}"
    # Python's own shell sets up the completion of names in this hook.
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None:
        try:
            import readline
            from rlcompleter import Completer
        except ImportError:
            pass
        else:
            readline.set_completer(Completer(names).complete)
        hook()
    code.interact(banner=banner, local=names)


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="Order of the lines; 'match' is the order in which rules are tried.",
)
@click.option("--all-methods", is_flag=True, help="Show HEAD and OPTIONS too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """Show which view answers which path."""
    app = current_app
    rules = list(app.url_map.iter_rules())
    if not rules:
        click.echo("No routes were registered.")
        return
    hidden = set() if all_methods else {"HEAD", "OPTIONS"}
    domain = "Host" if app.url_map.host_matching else "Subdomain" if any(rule.subdomain for rule in rules) else None
    rows = [_row(rule, hidden, domain) for rule in rules]
    headers = ["Endpoint", "Methods", *([domain] if domain else []), "Rule"]
    columns = {"endpoint": 0, "methods": 1, "domain": 2, "rule": -1}
    if sort in columns and not (sort == "domain" and domain is None):
        rows.sort(key=lambda row: row[columns[sort]])
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, ["-" * width for width in widths], *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _row(rule: "Rule", hidden: set[str], domain: str | None) -> list[str]:
    place = {"Host": rule.host, "Subdomain": rule.subdomain}.get(domain or "", "") or ""
    return [rule.endpoint, ", ".join(sorted((rule.methods or set()) - hidden)), *([place] if domain else []), rule.rule]
