"""`trine collectstatic`: the files of a site, named by their content and compressed, for production."""

from pathlib import Path

import click

from .program import TARGET_HELP, env_file, load_application, target_argument

EPILOG = """
\b
Examples:
  trine collectstatic
  trine collectstatic shop.py --output /srv/shop/staticfiles
"""


@click.command("collectstatic", epilog=EPILOG)
@target_argument
@click.option("--output", type=click.Path(file_okay=False), help="Folder to write to; else TRINE_PAGES_STATIC_ROOT.")
@env_file
def command(target: str | None, output: str | None, env_file: str) -> None:
    """Collect the files of a site: each under a name with its hash, and compressed beforehand."""
    from trine.pages import pages_of

    pages = pages_of(load_application(target, env_file=env_file))
    done = pages.files.collect(pages.static_root if output is None else Path(output))
    click.echo(
        f"{click.style('Collected', fg='green')} {done.files} files into {done.target}: "
        f"{done.compressed} compressed forms ({', '.join(done.codings)}), {done.removed} old ones removed."
    )


command.help = f"{command.help}\n\n{TARGET_HELP}"
