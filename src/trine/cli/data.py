"""What the commands for databases share: the application's models, their migrations, and the database that is meant."""

from typing import Any

import click

from .program import load_application

database_option = click.option(
    "--database", default="default", show_default=True, help="The alias of the database that is meant."
)


def load_models(env_file: str) -> Any:
    """Load the application, and with it its models. Gives them as migrations see them."""
    from trine.db import registry
    from trine.db.migrations.make import Models

    load_application(None, env_file=env_file)
    return Models.of(registry, registry.metadata)


def folders_of(models: Any) -> Any:
    """Where the migrations of the models' packages lie."""
    from trine.db.migrations.files import Folders

    return Folders(models.modules)


def url_of(database: str) -> Any:
    """Where a database is: as the application says, else as the settings do."""
    from trine.db import databases, find_database

    if database not in databases() and databases():
        raise click.UsageError(f"There is no database '{database}'. There are: {', '.join(databases())}.")
    return find_database(database).url


def checked_package(folders: Any, package: str) -> str:
    """The package, when there is one of that name."""
    if package not in folders:
        raise click.UsageError(
            f"There is no package '{package}' with models or migrations. There are: {', '.join(folders) or 'none'}."
        )
    return package
