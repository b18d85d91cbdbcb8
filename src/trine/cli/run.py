"""`trine run`: serve for production."""

import sys
from typing import Any

import click

from .program import TARGET_HELP, given_target, target_argument
from .serving import ServerCommand, common_options, option

EPILOG = """
\b
Examples:
  trine run
  trine run shop.py --workers 4
  trine run shop.main:app --uds /run/shop.sock
  trine run shop.py --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem

\b
Signals: TERM and INT stop the server once everything in flight is answered, a second one
at once. HUP starts new workers with the code as it is now, and lets the old ones go.
"""


@click.command("run", cls=ServerCommand, epilog=EPILOG)
@target_argument
@common_options
@option("--workers", default=1, type=click.IntRange(1), help="Worker processes. One that dies is replaced.")
@option("--server", default="granian", type=click.Choice(["granian", "uvicorn", "hypercorn"]), help="Who speaks HTTP.")
@click.option("--asgi", is_flag=True, help="Speak ASGI with the application instead of RSGI.")
@option("--http", default="1", type=click.Choice(["1", "2", "auto"]), help="HTTP versions; auto is both. Granian only.")
@option("--tls-certificate", type=click.Path(exists=True, dir_okay=False), help="Certificate chain, PEM.")
@option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="Private key, PEM. Its password: TRINE_TLS_KEY_PASSWORD.")
@option("--tls-key-password", hidden=True)
@option("--drain-timeout", default=25.0, type=click.FloatRange(0), help="Seconds for what is in flight when a worker stops.")
@option(
    "--header-timeout", default=30.0, type=click.FloatRange(0.1), help="Seconds for a request's headers, and idle connections."
)
@option("--max-connections", default=16384, type=click.IntRange(1), help="Connections of one worker at once; more wait.")
@option("--backlog", default=1024, type=click.IntRange(1), help="Connections that wait to be accepted.")
@option("--preload/--no-preload", default=True, help="Load the application once, and fork the workers from it.")
@option("--pid-file", type=click.Path(dir_okay=False), help="Write the process id here, and refuse to start twice.")
def command(target: str | None, server: Any, asgi: bool, **options: Any) -> None:
    """Serve an application for production."""
    from trine.server.options import ServerOptions
    from trine.server.run import run

    certificate, key = options["tls_certificate"], options["tls_key"]
    if bool(certificate) != bool(key):
        raise click.UsageError(f"TLS needs a certificate and its key: add {'--tls-key' if certificate else '--tls-certificate'}.")
    if certificate:
        check_key(certificate, key, options["tls_key_password"])
    check_installed(server)
    asgi = asgi or server != "granian"
    chosen = ServerOptions(target=given_target(target), engine=server, interface="asgi" if asgi else "rsgi", **options)
    prepare_logs(chosen.log_level)
    sys.exit(run(chosen, announce=announce))


command.__doc__ = f"{command.help}\n\n{TARGET_HELP}"
command.help = command.__doc__


def announce(options: Any, facts: dict[str, Any]) -> None:
    """Say where the server is, once it answers."""
    workers = f"{options.workers} worker{'s' if options.workers > 1 else ''}"
    how = f"{options.engine.capitalize()}, {options.interface.upper()}"
    click.echo(f"trine: {options.target} is served at {click.style(options.url, bold=True)} ({workers}, {how})", err=True)


def prepare_logs(level: str) -> None:
    """Show the messages of the process that stays."""
    from trine.server.logs import configure_logs

    configure_logs(level)


def check_installed(server: str) -> None:
    """Refuse a server that is not there."""
    from importlib.util import find_spec

    if find_spec(server) is None:
        raise click.UsageError(f'--server {server} needs {server}. Install it with: pip install "trine[{server}]"')


def check_key(certificate: str, key: str, password: str | None) -> None:
    """Refuse a key that does not belong to the certificate, before anything is started."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password or "")
    except (ssl.SSLError, OSError) as error:
        raise click.UsageError(f"{certificate} and {key} cannot be used together: {error}") from None
