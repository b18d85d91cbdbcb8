"""`trine sqlmigrate`: the statements of one migration."""

import click

from .data import checked_package, database_option, folders_of, load_models, url_of
from .program import env_file


@click.command("sqlmigrate")
@click.argument("package")
@click.argument("migration")
@click.option("--backwards", is_flag=True, help="The statements that take it back.")
@database_option
@env_file
def command(package: str, migration: str, backwards: bool, database: str, env_file: str) -> None:
    """Print the SQL of a migration for the database in use, and run nothing."""
    from trine.db.migrations.run import Migrator, find_migration

    folders = folders_of(load_models(env_file))
    migrator = Migrator(folders.load(), database=database)
    found = find_migration(migrator.graph(), checked_package(folders, package), migration)
    if found is None:
        raise click.UsageError("zero is no migration.")
    dialect = url_of(database).get_backend_name()
    click.echo(migrator.sql(found.label, dialect, backwards=backwards), nl=False)
