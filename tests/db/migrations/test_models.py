"""The models of this room's tests, with every kind of field, by migrations."""

from trine.db import registry
from trine.db.migrations.answers import Answers
from trine.db.migrations.engine import connect
from trine.db.migrations.make import Models, make_migrations
from trine.db.migrations.specs import State

from .. import library
from .conftest import differences


async def test_every_kind_of_field_has_its_column(url, growth):
    declared = [model for model in registry if model.__module__ == library.__name__]
    models = Models.of(declared, registry.metadata)
    for migration in make_migrations(models, [], Answers()):
        growth.add(migration)
    assert make_migrations(models, growth.migrations, Answers()) == []
    async with connect(url) as connection:
        await growth.migrator.migrate(connection)
        metadata = State.metadata(models.state)
        left = [found for found in await differences(connection, metadata) if not is_known(found, connection.dialect.name)]
        assert left == []


def is_known(found, dialect: str) -> bool:
    """SQLite and MariaDB do not tell that an index goes downwards when they are asked."""
    return (
        dialect != "postgresql"
        and found[0] in ("remove_index", "add_index")
        and found[1].name == "ix_db_book_author_id_published"
    )
