"""What models tell, and what development warns of."""

import logging

from trine import App
from trine.db import Database, m2m_changed, post_delete, post_save, pre_delete, pre_save
from trine.testing import AsyncTestClient

from .library import Author, Book, Tag


async def test_saving_and_deleting_is_told(database):
    told = []

    async def before(sender, instance, created):
        told.append(("before", sender, instance.name, created, instance.pk is None))
        instance.name = instance.name.strip()

    def after(sender, instance, created, update_fields):
        # A plain function runs in a thread, in the same transaction.
        told.append(("after", Tag.objects.sync.filter(name=instance.name).count(), created, update_fields))

    with pre_save.connected_to(before, Tag), post_save.connected_to(after, Tag, inline=False):
        tag = await Tag.objects.create(name=" a ")
        tag.name = "b"
        await tag.save(update_fields=["name"])
        await Author.objects.create(name="nobody listens")
    assert told == [
        ("before", Tag, " a ", True, True),
        ("after", 1, True, None),
        ("before", Tag, "b", False, False),
        ("after", 1, False, ["name"]),
    ]
    gone = []
    going = pre_delete.connected_to(lambda sender, instance: gone.append(instance.pk))
    with going, post_delete.connected_to(lambda sender: gone.append("gone")):
        key = tag.pk
        await tag.delete()
    assert gone == [key, "gone"]


async def test_relations_tell_what_changed(database):
    told = []
    book = await Book.objects.create(title="Dune", author=await Author.objects.create(name="Ann"))
    tag = await Tag.objects.create(name="a")
    with m2m_changed.connected_to(lambda sender, name, action, pk_set: told.append((name, action, pk_set)), Book):
        await book.tags.add(tag)
        await book.tags.remove(tag)
        await book.tags.clear()
    assert told == [("tags", "add", {tag.pk}), ("tags", "remove", {tag.pk}), ("tags", "clear", set())]


async def test_development_names_the_line_that_repeats_a_query(tmp_path, caplog):
    app = App(debug=True)
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    app.install(database)

    @app.get("/")
    async def index() -> int:
        for book in await Book.objects.all():
            await Author.objects.get(id=book.author_id)
        return 1

    async with AsyncTestClient(app) as client:
        await database.create_all()
        author = await Author.objects.create(name="Ann")
        await Book.objects.bulk_create([Book(title=f"{number}", author=author) for number in range(25)])
        with caplog.at_level(logging.WARNING, logger="trine.db"):
            await client.get("/")
    (record,) = [record for record in caplog.records if record.name == "trine.db"]
    assert "asks the same query 10 times in one request. Read related rows along with select_related()" in record.message
    assert __file__ in record.message
    await database.close()
