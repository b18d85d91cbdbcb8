"""`trine models`: versions of models in a registry."""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from trine.errors import TrineError

if TYPE_CHECKING:
    from trine.serving.registry import Registry, Release

EPILOG = """
\b
Examples:
  trine models publish housing housing.skops --metric r2=0.81
  trine models list housing
  trine models split housing 2=0.1
  trine models promote housing 2
  trine models rollback housing
"""


@click.group("models", epilog=EPILOG)
@click.option(
    "--registry",
    envvar="TRINE_MODELS_REGISTRY",
    default="models",
    show_default=True,
    help="Folder or URL of the registry: s3://, gs:// or az://.",
)
@click.pass_context
def command(context: click.Context, registry: str) -> None:
    """Publish versions of models, and say which of them answer."""
    context.obj = registry


def with_registry(function: Callable[..., None]) -> Callable[..., None]:
    """Open the registry for a command, and tell what goes wrong in it in a line."""

    @wraps(function)
    def opened(*args: Any, **options: Any) -> None:
        from trine.serving.registry import Registry

        try:
            function(Registry(click.get_current_context().obj), *args, **options)
        except (TrineError, OSError) as error:
            raise click.ClickException(str(error)) from error

    return opened


@command.command("publish")
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--version", help="The version; the next number when absent.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME=NUMBER", help="How good it is. May be repeated.")
@click.option("--statistics", type=click.File("rb"), help="JSON file with what training_statistics() gave.")
@click.option("--description", default="", help="What is new about it.")
@click.option("--promote", is_flag=True, help="Make it the default.")
@with_registry
def publish(
    registry: "Registry",
    name: str,
    files: Sequence[str],
    version: str | None,
    metrics: Sequence[str],
    statistics: Any,
    **more: Any,
) -> None:
    """Keep FILES as a new version of the model NAME."""
    described = json.load(statistics) if statistics is not None else None
    found = registry.publish(name, *files, version=version, metrics=_numbers(metrics), statistics=described, **more)
    default = " It is the default." if registry.release(name).default == found.version else ""
    click.echo(f"{name} {found.version}: {len(found.files)} files, {found.size} bytes.{default}")


@command.command("list")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_registry
def list_versions(registry: "Registry", name: str | None, as_json: bool) -> None:
    """List the versions of the model NAME, or of every model."""
    rows = [
        {**version.model_dump(mode="json", exclude={"statistics"}), "role": _role(registry.release(model), version.version)}
        for model in ([name] if name else registry.models())
        for version in registry.versions(model)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        metrics = ", ".join(f"{key}={value:g}" for key, value in row["metrics"].items())
        said = [row["model"], row["version"], row["created"][:16], row["format"], row["role"], metrics]
        click.echo("  ".join(part for part in said if part))
    if not rows:
        click.echo("There is nothing yet: trine models publish NAME FILE")


@command.command("show")
@click.argument("name")
@click.argument("version")
@with_registry
def show(registry: "Registry", name: str, version: str) -> None:
    """Print what is known of a version, as JSON."""
    click.echo(registry.version(name, version).model_dump_json(indent=2))


@command.command("promote")
@click.argument("name")
@click.argument("version")
@with_registry
def promote(registry: "Registry", name: str, version: str) -> None:
    """Make a version the default. Applications that are running follow."""
    _tell(name, registry.promote(name, version))


@command.command("rollback")
@click.argument("name")
@with_registry
def rollback(registry: "Registry", name: str) -> None:
    """Make the default before this one the default again."""
    _tell(name, registry.rollback(name))


@command.command("split")
@click.argument("name")
@click.argument("shares", nargs=-1, metavar="[VERSION=SHARE]...")
@with_registry
def split(registry: "Registry", name: str, shares: Sequence[str]) -> None:
    """Give other versions a share of the requests, such as 3=0.1; without any, all are the default's."""
    _tell(name, registry.split(name, _numbers(shares)))


@command.command("shadow")
@click.argument("name")
@click.argument("version", required=False)
@with_registry
def shadow(registry: "Registry", name: str, version: str | None) -> None:
    """Send copies of requests to a version, whose answers are only compared; without one, to none."""
    _tell(name, registry.shadow(name, version))


@command.command("verify")
@click.argument("name")
@click.argument("version", required=False)
@with_registry
def verify(registry: "Registry", name: str, version: str | None) -> None:
    """Check the files of a version, or of all, against their checksums."""
    for found in [registry.version(name, version)] if version else registry.versions(name):
        registry.fetch(name, found.version)
        click.echo(f"{name} {found.version}: {len(found.files)} files are as they were published.")


@command.command("delete")
@click.argument("name")
@click.argument("version")
@with_registry
def delete(registry: "Registry", name: str, version: str) -> None:
    """Remove a version that nothing answers with."""
    registry.delete(name, version)
    click.echo(f"{name} {version} is gone.")


def _numbers(pairs: Sequence[str]) -> dict[str, float]:
    found = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            found[name] = float(text)
        except ValueError:
            raise click.BadParameter(f"'{pair}' is no NAME=NUMBER.") from None
    return found


def _role(release: "Release", version: str) -> str:
    if version == release.default:
        return "default"
    share = release.traffic.get(version)
    roles = [f"{share:.0%}"] if share else []
    return ", ".join([*roles, *(["shadow"] if version == release.shadow else [])])


def _tell(name: str, release: "Release") -> None:
    rest = 1 - sum(release.traffic.values())
    parts = [f"{name}: {release.default} answers {rest:.0%}", *(f"{one} {share:.0%}" for one, share in release.traffic.items())]
    shadow = f" Shadow: {release.shadow}." if release.shadow else ""
    click.echo(f"{', '.join(parts)}.{shadow}")
