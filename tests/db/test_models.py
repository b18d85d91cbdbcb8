"""What a declaration gives."""

import datetime
import uuid
from decimal import Decimal

import pytest
from sqlalchemy import ForeignKeyConstraint, event, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from trine.db import Database, FieldError, InvalidInstance, InvalidValue, Many, Model, atomic, field, many, registry
from trine.errors import SetupError

from .library import Author, Book, Cover, Everything, Genre, Level, Membership, Note, Pair, Publisher, Size, Tag


async def test_a_row_comes_back_as_it_was_written(database):
    moment = datetime.datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    made = await Everything.objects.create(
        flag=True,
        ratio=0.25,
        blob=b"\x00\xff",
        moment=moment,
        local=datetime.datetime(2026, 1, 1, 12),  # noqa: DTZ001 - a naive field
        level=Level.HIGH,
        word="b",
        size=Size(width=1, height=2),
        sizes=[Size(width=3, height=4)],
        numbers=[1, 2, 3],
        schema="s",
        json={"a": [1, None, "x"]},
        width=21,
    )
    assert made.double == 42
    assert made.status == "new"
    read = await Everything.objects.get(id=made.id)
    assert isinstance(read.id, uuid.UUID)
    assert read == made
    for name in Everything.__fields__:
        assert getattr(read, name) == getattr(made, name), name
    assert read.moment == moment
    assert read.moment.tzinfo is datetime.UTC
    assert (read.size, read.level, read.json) == (Size(width=1, height=2), Level.HIGH, {"a": [1, None, "x"]})


async def test_a_foreign_key_has_its_column_beside_it(database):
    author = await Author.objects.create(name="Ann")
    book = await Book.objects.create(title="Dune", author=author)
    assert book.author_id == author.id
    other = await Author.objects.create(name="Bob")
    book.author = other
    assert book.author_id == other.id
    await book.save()
    book.author_id = author.id
    await book.save()
    read = await Book.objects.select_related("author").get(id=book.id)
    assert read.author == author


async def test_only_what_has_changed_is_written(database):
    book = await Book.objects.create(title="Dune", author=await Author.objects.create(name="Ann"))
    book.title = "Dune 2"
    with database.queries() as queries:
        await book.save()
        await book.save()
    # What can be changed in place is written with every save.
    assert "title" in queries[0].sql
    assert "pages" not in queries[0].sql
    book.metadata["x"] = 1
    await book.save()
    assert (await Book.objects.get(id=book.id)).metadata == {"x": 1}


async def test_a_row_that_is_gone_cannot_be_saved(database):
    book = await Book.objects.create(title="Dune", author=await Author.objects.create(name="Ann"))
    await Book.objects.filter(id=book.id).delete()
    book.title = "x"
    with pytest.raises(Book.DoesNotExist, match="is not in the database any more"):
        await book.save()


async def test_refresh_reads_a_row_again(database):
    tag = await Tag.objects.create(name="a")
    await Tag.objects.update(name="b")
    await tag.refresh_from_db()
    assert tag.name == "b"


async def test_composite_keys(database):
    pair = await Pair.objects.create(left=1, right=2, note="x")
    assert pair.pk == (1, 2)
    await Pair.objects.create(left=1, right=3)
    pair.note = "y"
    await pair.save()
    assert await Pair.objects.filter(left=1).order_by("right").values_list("right", "note") == [(2, "y"), (3, "")]
    await pair.delete()
    assert await Pair.objects.count() == 1


async def test_deleting_follows_the_database(database, shelf):
    await Cover.objects.create(book=shelf["dune"])
    await shelf["dune"].delete()
    assert await Cover.objects.count() == 0
    assert await shelf["sand"].books.count() == 0


async def test_one_to_one_from_both_sides(database, shelf):
    cover = await Cover.objects.create(book=shelf["dune"], colour="red")
    book = await Book.objects.select_related("cover").get(id=shelf["dune"].id)
    assert book.cover == cover
    plain = await Book.objects.select_related("cover").get(id=shelf["emma"].id)
    assert plain.cover is None
    assert await Book.objects.filter(cover__colour="red").count() == 1


async def test_full_clean_gathers_everything(database, shelf):
    book = Book(title="x" * 201, author=shelf["ann"], pages=-1)
    with pytest.raises(InvalidInstance) as caught:
        await book.full_clean()
    assert {error["loc"][0] for error in caught.value.errors()} == {"title", "pages"}
    twin = Author(name="Ann", email="ann@example.org")
    with pytest.raises(InvalidInstance, match="email is taken already"):
        await twin.full_clean()
    same = Book(title="Dune", author=shelf["ann"])
    with pytest.raises(InvalidInstance, match="author and title is taken already"):
        await same.full_clean()
    with pytest.raises(InvalidInstance, match="has no @"):
        await Author(name="x", email="nobody").full_clean()
    await shelf["dune"].full_clean()


def test_unknown_values_are_refused_with_what_was_meant():
    with pytest.raises(TypeError, match=r"Book has no field 'titel'. Did you mean 'title'\?"):
        Book(titel="x")


async def test_a_missing_value_is_named(database):
    with pytest.raises(FieldError, match=r"Book.title has no value, and no default."):
        await Book(author_id=1).save()


def test_defaults_are_made_anew_for_each_instance():
    first, second = Book(title="a"), Book(title="b")
    first.metadata["x"] = 1
    assert second.metadata == {}
    assert first.genre is Genre.NOVEL
    assert first.price == Decimal("9.50")


async def test_instances_are_what_a_session_gives(tmp_path):
    async with Database(f"sqlite:///{tmp_path / 'a.sqlite3'}") as database:
        await database.create_all()
        author = await Author.objects.create(name="Ann")
        await Book.objects.create(title="Dune", author=author)
        read = await Book.objects.get(title="Dune")
        async with AsyncSession(database.engine) as session:
            found = (await session.scalars(select(Book).where(Book.title == "Dune"))).one()
            assert found == read
            session.add(await Book.objects.create(title="Emma", author=author))
            merged = await session.merge(read)
            merged.title = "Changed"
            await session.commit()
        assert await Book.objects.values_list("title", flat=True) == ["Changed", "Emma"]


def test_what_cannot_be_declared_is_refused_with_the_remedy():
    with registry.isolated():
        with pytest.raises(SetupError, match=r"has a field 'save', which every model has as something else. Call it save_"):

            class Wrong(Model):
                save: bool = False

        with pytest.raises(SetupError, match=r"is annotated complex, which no column can hold"):

            class Complex(Model):
                number: complex

        with pytest.raises(SetupError, match=r"has on_delete='SET NULL', but may not be None"):

            class Child(Model):
                parent: "Child" = field(on_delete="SET NULL")

        with pytest.raises(SetupError, match=r"Meta has 'orderin', which it does not know. Did you mean 'ordering'\?"):

            class Typo(Model):
                class Meta:
                    orderin = ("id",)

        with pytest.raises(SetupError, match=r"is annotated Many\[...\], and does not say what it is"):

            class Several(Model):
                tags: Many["Several"]


def test_a_relation_to_no_model_names_what_was_meant():
    with registry.isolated():

        class Shelf(Model):
            owner: "Persn"  # noqa: F821 - the mistake that is tested

        class Person(Model):
            name: str

        with pytest.raises(SetupError, match=r"Shelf.owner refers to 'Persn', which is no model. Did you mean '\w+.Person'\?"):
            registry.configure()


def test_a_relation_to_a_key_of_several_columns_names_the_remedies():
    with registry.isolated():

        class Seat(Model):
            row: int = field(primary_key=True)
            number: int = field(primary_key=True)

        class Ticket(Model):
            seat: Seat

        with pytest.raises(SetupError) as caught:
            registry.configure()
    where = "test_a_relation_to_a_key_of_several_columns_names_the_remedies.<locals>."
    assert str(caught.value).replace(where, "") == (
        "Ticket.seat refers to Seat, whose key has 2 columns (row, number): a relation needs one. "
        'Take primary_key from them, which gives Seat an id, and add UniqueConstraint("row", "number") to its Meta.constraints. '
        "Or refer to them by plain fields, with SQLAlchemy's ForeignKeyConstraint in Meta.constraints."
    )


def test_plain_fields_refer_to_a_key_of_several_columns():
    with registry.isolated():

        class Seat(Model):
            row: int = field(primary_key=True)
            number: int = field(primary_key=True)

            class Meta:
                db_table = "seat"

        class Ticket(Model):
            row: int
            number: int

            class Meta:
                constraints = (ForeignKeyConstraint(["row", "number"], ["seat.row", "seat.number"]),)

        registry.configure()
        (key,) = Ticket.__table__.foreign_key_constraints
        assert [element.column for element in key.elements] == list(Seat.__table__.primary_key.columns)


def test_abstract_models_give_their_fields():
    with registry.isolated():

        class Stamped(Model):
            made: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))

            class Meta:
                abstract = True
                ordering = ("-made",)

        class Note(Stamped):
            text: str

        class Page(Stamped):
            title: str

        assert list(Note.__fields__) == ["id", "made", "text"]
        assert Page.__options__.ordering == ("-made",)
        assert set(registry.metadata.tables) == {"db_note", "db_page"} or len(registry.metadata.tables) == 2

        with pytest.raises(SetupError, match="which has a table of its own"):

            class Sub(Note):
                more: str


def test_relations_know_both_sides():
    registry.configure()
    assert set(Author.__relations__) >= {"mentor", "pupils", "friends", "books", "clubs"}
    assert Book.__relations__["tags"].through is not None
    assert registry["Book"] is Book
    assert Book.__label__ in registry
    assert Membership.__relations__["club"].target.__name__ == "Club"
    assert many is not None
    assert Publisher.__relations__["country"].remote.key == "code"


async def test_rows_know_when_they_were_made_and_changed(database):
    note = await Note.objects.create(text="a")
    before = note.updated
    assert note.created <= before
    note.text = "b"
    await note.save()
    assert note.updated > before
    read = await Note.objects.get(id=note.id)
    assert (read.created, read.updated) == (note.created, note.updated)


async def test_rows_are_hidden_instead_of_deleted(database):
    first, second = await Note.objects.create(text="a"), await Note.objects.create(text="b")
    await first.delete()
    assert await Note.objects.values_list("text", flat=True) == ["b"]
    assert await Note.all_objects.count() == 2
    await first.restore()
    assert await Note.objects.count() == 2
    assert await Note.objects.filter(text="b").delete() == 1
    assert await Note.objects.count() == 1
    assert await Note.all_objects.filter(text="b").restore() == 1
    await second.delete_for_good()
    assert await Note.all_objects.count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"title": "x" * 201},
        {"title": "\ud800"},
        {"pages": 2**63},
        {"price": float("nan")},
        {"price": "1e400"},
        {"metadata": {"a": float("inf")}},
        {"genre": "prose"},
        {"published": datetime.datetime(9999, 12, 31, 23, 59, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))},
    ],
)
async def test_values_that_do_not_fit_are_a_clients_mistake(database, values):
    author = await Author.objects.create(name="Ann")
    with pytest.raises(InvalidValue) as caught:
        async with atomic():
            await Book.objects.create(**{"title": "x", "author": author, **values})
    assert caught.value.status_code == 400
    assert await Book.objects.count() == 0
    book = await Book.objects.create(title="x", author=author)
    with pytest.raises(InvalidValue):
        async with atomic():
            await Book.objects.filter(id=book.id).update(**values)


async def test_a_broken_regular_expression_is_a_clients_mistake(database):
    await Tag.objects.create(name="a")
    with pytest.raises(InvalidValue):
        async with atomic():
            await Tag.objects.filter(name__regex="(")


def test_listeners_of_sqlalchemy_hear_of_new_instances_and_their_values():
    with registry.isolated():

        class Parcel(Model):
            label: str
            weight: int = 1

        Parcel(label="the first one configures the mapper")
        heard = []
        event.listen(Parcel, "init", lambda parcel, args, values: heard.append(values))
        event.listen(Parcel.label, "set", lambda parcel, value, old, by: value.upper(), retval=True)
        parcel = Parcel(label="a")
        assert (parcel.label, parcel.weight, heard) == ("A", 1, [{"label": "a"}])


def test_a_new_instance_is_as_new_to_sqlalchemy_as_any_other():
    with registry.isolated():

        class Parcel(Model):
            label: str

        parcels = [Parcel(label="a"), Parcel(label="b")]
        for parcel in parcels:
            state = inspect(parcel)
            assert (state.transient, state.modified, state.attrs.label.history.added) == (True, True, [parcel.label])


def test_an_own_constructor_is_called_with_what_it_takes():
    with registry.isolated():

        class Parcel(Model):
            label: str

            def __init__(self, label: str) -> None:
                super().__init__(label=label.title())

        assert [Parcel("a").label, Parcel("b").label] == ["A", "B"]
