"""What is asked, in Django's words."""

import datetime
from decimal import Decimal

import pytest

from trine.db import (
    Case,
    Count,
    Exists,
    F,
    FieldError,
    InvalidValue,
    Max,
    NotSupported,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from trine.db.functions import Avg, Coalesce, Concat, Length, Lower, Min, Rank, RowNumber, Trunc, Upper
from trine.errors import HTTPException

from .library import Author, Book, Club, Country, Membership, Publisher, Review, Tag


async def titles(rows):
    return [book.title for book in await rows]


@pytest.mark.parametrize(
    ("lookups", "found"),
    [
        ({"title": "Dune"}, ["Dune"]),
        ({"title__exact": "Dune"}, ["Dune"]),
        ({"title__iexact": "dUNE"}, ["Dune"]),
        ({"title__contains": "m"}, ["Emma"]),
        ({"title__contains": "M"}, []),
        ({"title__icontains": "M"}, ["Emma"]),
        ({"title__icontains": "100%"}, ["zoo 100%"]),
        ({"title__contains": "_"}, []),
        ({"title__startswith": "D"}, ["Dune"]),
        ({"title__startswith": "d"}, []),
        ({"title__istartswith": "d"}, ["Dune"]),
        ({"title__endswith": "a"}, ["Emma"]),
        ({"title__iendswith": "NE"}, ["Dune"]),
        ({"title__regex": "^.{4}$"}, ["Dune", "Emma"]),
        ({"title__iregex": "^e"}, ["Emma"]),
        ({"pages__gt": 300}, ["Dune"]),
        ({"pages__gte": 300}, ["Dune", "Emma"]),
        ({"pages__lt": 300}, ["zoo 100%"]),
        ({"pages__range": (30, 300)}, ["Emma", "zoo 100%"]),
        ({"title__in": ["Dune", "nothing", "Emma"]}, ["Dune", "Emma"]),
        ({"title__in": []}, []),
        ({"publisher__isnull": True}, ["Emma"]),
        ({"publisher": None}, ["Emma"]),
        ({"publisher__country__name": "Austria"}, ["Dune", "zoo 100%"]),
        ({"author__name": "Bob"}, ["Emma"]),
        ({"author__mentor__name": "Ann"}, ["Emma"]),
        ({"tags__name": "old"}, ["Dune", "Emma"]),
        ({"tags__name__in": ["sand", "old"]}, ["Dune", "Emma"]),
        ({"tags__isnull": True}, ["zoo 100%"]),
        ({"title__length": 4}, ["Dune", "Emma"]),
        ({"title__lower": "dune"}, ["Dune"]),
        ({"price": Decimal("7.25")}, ["Emma"]),
        ({"genre": "novel", "price__lt": 5}, ["zoo 100%"]),
    ],
)
async def test_lookups(database, shelf, lookups, found):
    assert await titles(Book.objects.filter(**lookups).order_by("id")) == found


async def test_conditions_about_many_rows_ask_for_one_that_fits_all(database, shelf):
    await shelf["dune"].reviews.create(stars=1, text="good")
    await shelf["dune"].reviews.create(stars=5, text="bad")
    assert await titles(Book.objects.filter(reviews__stars=1, reviews__text="bad")) == []
    assert await titles(Book.objects.filter(reviews__stars=1).filter(reviews__text="bad")) == ["Dune"]
    # No row comes twice, however many fit.
    assert await titles(Book.objects.filter(reviews__stars__gte=1)) == ["Dune"]


async def test_exclude_is_the_opposite_also_of_nothing(database, shelf):
    assert await titles(Book.objects.exclude(tags__name="old")) == ["zoo 100%"]
    assert await titles(Book.objects.exclude(publisher__name="Ace")) == ["Emma"]
    assert await titles(Book.objects.exclude(publisher=None).order_by("id")) == ["Dune", "zoo 100%"]
    assert await titles(Book.objects.exclude(Q(title="Dune") | Q(title="Emma"))) == ["zoo 100%"]


async def test_q_is_combined(database, shelf):
    wanted = Q(title="Dune") | Q(pages=30)
    assert await titles(Book.objects.filter(wanted).order_by("id")) == ["Dune", "zoo 100%"]
    assert await titles(Book.objects.filter(~wanted)) == ["Emma"]
    assert await titles(Book.objects.filter(wanted & ~Q(title="Dune"))) == ["zoo 100%"]
    assert await titles(Book.objects.filter(Q(title="Dune") ^ Q(pages=600))) == []
    assert await titles(Book.objects.filter_any({"title": "Dune"}, {"pages__lt": 100}).order_by("-id")) == ["zoo 100%", "Dune"]


async def test_fields_are_compared_with_fields(database, shelf):
    await shelf["dune"].reviews.create(stars=5)
    assert await titles(Book.objects.filter(pages__gt=F("price") * 41).order_by("id")) == ["Dune", "Emma"]
    assert await Author.objects.filter(books__title=F("name")).count() == 0


async def test_orders(database, shelf):
    assert await titles(Book.objects.order_by("-pages")) == ["Dune", "Emma", "zoo 100%"]
    assert await titles(Book.objects.order_by("author__name", "-title")) == ["zoo 100%", "Dune", "Emma"]
    # None is the least value on every database.
    assert (await titles(Book.objects.order_by("publisher__name", "id")))[0] == "Emma"
    assert (await titles(Book.objects.order_by("-publisher__name", "id")))[-1] == "Emma"
    assert await titles(Book.objects.order_by("pages").reverse()) == ["Dune", "Emma", "zoo 100%"]
    assert await titles(Book.objects.order_by(Length("title").desc(), Lower("title"))) == ["zoo 100%", "Dune", "Emma"]
    assert len(await titles(Book.objects.order_by("?"))) == 3
    assert Book.objects.order_by("-pages", "title").ordering == ("-pages", "title")


async def test_one_row(database, shelf):
    assert await Book.objects.get(title="Dune") == shelf["dune"]
    with pytest.raises(Book.DoesNotExist, match="There is no Book with title='x'"):
        await Book.objects.get(title="x")
    with pytest.raises(Book.MultipleObjectsReturned, match="There is more than one Book with author=<Author"):
        await Book.objects.get(author=shelf["ann"])
    assert await Book.objects.get_or_none(title="x") is None
    with pytest.raises(HTTPException, match="404: Book not found"):
        await Book.objects.get_or_404(id=0)
    assert (await Book.objects.order_by("pages").first()).title == "zoo 100%"
    assert (await Book.objects.order_by("pages").last()).title == "Dune"
    assert (await Book.objects.earliest("pages")).title == "zoo 100%"
    assert (await Book.objects.latest("pages")).title == "Dune"
    assert await Book.objects.filter(id=0).first() is None
    assert await Book.objects.filter(title="Dune").exists()
    assert await Book.objects.contains(shelf["dune"])
    assert await Book.objects.in_bulk([shelf["dune"].id]) == {shelf["dune"].id: shelf["dune"]}


async def test_slices(database, shelf):
    rows = Book.objects.order_by("pages")
    assert await titles(rows[1:]) == ["Emma", "Dune"]
    assert await titles(rows[:2]) == ["zoo 100%", "Emma"]
    assert await titles(rows[1:][:1]) == ["Emma"]
    assert await rows[1:].count() == 2
    assert await titles(rows[:0]) == []
    with pytest.raises(FieldError, match="A slice cannot be filtered"):
        rows[:2].filter(pages=1)
    with pytest.raises(TypeError, match=r"Rows are read with await"):
        rows[0]


async def test_values(database, shelf):
    assert await Book.objects.order_by("id").values("title", "author__name") == [
        {"title": "Dune", "author__name": "Ann"},
        {"title": "Emma", "author__name": "Bob"},
        {"title": "zoo 100%", "author__name": "Ann"},
    ]
    assert await Book.objects.order_by("id").values_list("price", flat=True) == [
        Decimal("12.00"),
        Decimal("7.25"),
        Decimal("3.00"),
    ]
    assert await Book.objects.filter(title="Dune").values_list("title", "pages") == [("Dune", 600)]
    assert await Book.objects.filter(title="Dune").values(loud=Upper("title")) == [{"loud": "DUNE"}]
    assert set((await Book.objects.filter(title="Dune").values())[0]) >= {"id", "title", "author_id"}


async def test_annotations(database, shelf):
    rows = await Author.objects.annotate(total=Sum("books__pages"), how_many=Count("books")).order_by("name")
    assert [(row.name, row.total, row.how_many) for row in rows] == [("Ann", 630, 2), ("Bob", 300, 1)]
    # Several at once count nothing twice.
    await shelf["dune"].reviews.create(stars=4)
    await shelf["dune"].reviews.create(stars=2)
    row = await Book.objects.annotate(tags_count=Count("tags"), mean=Avg("reviews__stars")).get(title="Dune")
    assert (row.tags_count, row.mean) == (2, 3.0)
    assert await Author.objects.annotate(n=Count("books")).filter(n__gt=1).values_list("name", flat=True) == ["Ann"]
    rows = await Book.objects.alias(n=Length("title")).filter(n=4).order_by("-n", "title")
    assert [book.title for book in rows] == ["Dune", "Emma"]
    long = Count("books", filter=Q(books__pages__gt=100))
    assert await Author.objects.annotate(long=long).order_by("name").values_list("long", flat=True) == [1, 1]


async def test_groups(database, shelf):
    grouped = Book.objects.values("author__name").annotate(n=Count(), sum=Sum("pages")).order_by("author__name")
    assert await grouped == [
        {"author__name": "Ann", "n": 2, "sum": 630},
        {"author__name": "Bob", "n": 1, "sum": 300},
    ]
    assert [row["author__name"] for row in await grouped.filter(n__gt=1)] == ["Ann"]
    assert await grouped.count() == 2


async def test_aggregates(database, shelf):
    found = await Book.objects.aggregate(Sum("pages"), dearest=Max("price"), least=Min("price"), n=Count(), mean=Avg("pages"))
    assert found == {"pages__sum": 930, "dearest": Decimal("12.00"), "least": Decimal("3.00"), "n": 3, "mean": 310.0}
    assert await Book.objects.filter(id=0).aggregate(total=Sum("pages", default=0)) == {"total": 0}
    assert await Book.objects.aggregate(n=Count("author", distinct=True)) == {"n": 2}


async def test_case_subquery_exists_and_window(database, shelf):
    size = Case(When(pages__gte=300, then=Value("big")), default=Value("small"))
    assert await Book.objects.annotate(size=size).order_by("id").values_list("size", flat=True) == ["big", "big", "small"]
    longest = Book.objects.filter(author=OuterRef("pk")).order_by("-pages").values("title")[:1]
    rows = await Author.objects.annotate(longest=Subquery(longest)).order_by("name").values_list("longest", flat=True)
    assert rows == ["Dune", "Emma"]
    cheap = Book.objects.filter(author=OuterRef("pk"), price__lt=5)
    assert await Author.objects.filter(Exists(cheap)).values_list("name", flat=True) == ["Ann"]
    assert await Author.objects.filter(~Exists(cheap)).values_list("name", flat=True) == ["Bob"]
    assert await Book.objects.filter(author__in=Author.objects.filter(name="Ann")).count() == 2
    rank = Window(Rank(), partition_by="author", order_by="-pages")
    rows = await Book.objects.annotate(rank=rank).order_by("author__name", "rank").values_list("title", "rank")
    assert rows == [("Dune", 1), ("zoo 100%", 2), ("Emma", 1)]
    assert [book.n for book in await Book.objects.annotate(n=Window(RowNumber(), order_by="pages")).order_by("n")] == [1, 2, 3]


async def test_functions(database, shelf):
    row = await Book.objects.annotate(
        both=Concat("title", Value(": "), "author__name"), country=Coalesce("publisher__country__name", Value("nowhere"))
    ).get(title="Emma")
    assert (row.both, row.country) == ("Emma: Bob", "nowhere")


async def test_times(database, shelf):
    moment = datetime.datetime(2026, 3, 31, 23, 30, 5, tzinfo=datetime.UTC)
    await Book.objects.filter(title="Dune").update(published=moment)
    for lookups in (
        {"published": moment},
        {"published__year": 2026},
        {"published__month": 3, "published__day": 31},
        {"published__hour": 23, "published__minute": 30, "published__second": 5},
        {"published__week_day": 3},
        {"published__week": 14},
        {"published__quarter": 1},
        {"published__date": datetime.date(2026, 3, 31)},
        {"published__year__gte": 2026, "published__lt": moment + datetime.timedelta(seconds=1)},
    ):
        assert await Book.objects.filter(**lookups).count() == 1, lookups
    assert await Book.objects.dates("published", "month") == [datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)]
    day = await Book.objects.annotate(day=Trunc("published", "day")).get(title="Dune")
    assert day.day == datetime.datetime(2026, 3, 31, tzinfo=datetime.UTC)
    with pytest.raises(InvalidValue, match="has no time zone"):
        await Book.objects.filter(published=datetime.datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


async def test_json(database, shelf):
    await Book.objects.filter(title="Dune").update(metadata={"a": {"b": 3, "c": "x"}, "list": [1, 2], "flag": True})
    for lookups in (
        {"metadata__a__b": 3},
        {"metadata__a__b__gt": 2},
        {"metadata__a__c": "x"},
        {"metadata__a__c__icontains": "X"},
        {"metadata__list__1": 2},
        {"metadata__flag": True},
        {"metadata__has_key": "a"},
    ):
        assert await titles(Book.objects.filter(**lookups)) == ["Dune"], lookups
    assert await titles(Book.objects.filter(**{"metadata__a'; DROP TABLE book; --": 1})) == []
    if database.dialect.name == "postgresql":
        assert await titles(Book.objects.filter(metadata__contains={"list": [1]})) == ["Dune"]
        await Book.objects.filter(title="Emma").update(keywords=["x", "y"])
        assert await titles(Book.objects.filter(keywords__contains=["x"])) == ["Emma"]
        assert await titles(Book.objects.filter(keywords__overlap=["y", "z"])) == ["Emma"]
        assert await titles(Book.objects.filter(title__search="dune or nothing")) == ["Dune"]
        for lookups in ({"keywords__contains": ["x"]}, {"keywords__overlap": ["x"]}, {"title__search": "emma"}):
            assert await titles(Book.objects.exclude(**lookups)) == ["Dune", "zoo 100%"]
        for lookups in (
            {"metadata__contains": {"flag": True}},
            {"metadata__has_keys": ["a", "flag"]},
            {"metadata__has_key": "a"},
        ):
            assert await titles(Book.objects.exclude(**lookups)) == ["Emma", "zoo 100%"]
    else:
        with pytest.raises(NotSupported, match="cannot ask whether arrays overlap"):
            await Book.objects.filter(keywords__overlap=["y"])
        with pytest.raises(NotSupported, match="cannot search for words with 'search'"):
            await Book.objects.filter(title__search="dune")


async def test_unions(database, shelf):
    names = Author.objects.values_list("name").union(Tag.objects.values_list("name")).order_by("name")
    assert await names == [("Ann",), ("Bob",), ("love",), ("old",), ("sand",)]
    both = Book.objects.filter(pages=600).union(Book.objects.filter(pages=30)).order_by("-pages")
    assert [book.title for book in await both] == ["Dune", "zoo 100%"]
    assert await titles(Book.objects.all().difference(Book.objects.filter(pages=30)).order_by("title")) == ["Dune", "Emma"]
    assert await titles(Book.objects.all().intersection(Book.objects.filter(pages=30))) == ["zoo 100%"]
    assert await both.count() == 2
    assert await titles(both[:1]) == ["Dune"]


async def test_distinct(database, shelf):
    assert await Book.objects.order_by("author__name").values_list("author__name", flat=True).distinct() == ["Ann", "Bob"]
    if database.dialect.name == "postgresql":
        assert await titles(Book.objects.distinct("author").order_by("author", "pages")) == ["zoo 100%", "Emma"]
    else:
        with pytest.raises(NotSupported, match=r"keep the first row of each value with distinct\(fields\)"):
            await Book.objects.distinct("author")


async def test_related_rows_are_read_along(database, shelf):
    with database.queries() as queries:
        books = await Book.objects.select_related("author__mentor", "publisher").prefetch_related("tags").order_by("id")
        assert [(book.author.name, book.publisher and book.publisher.name) for book in books] == [
            ("Ann", "Ace"),
            ("Bob", None),
            ("Ann", "Ace"),
        ]
        assert books[1].author.mentor.name == "Ann"
        assert books[0].author is books[2].author
        assert [sorted(tag.name for tag in book.tags) for book in books] == [["old", "sand"], ["love", "old"], []]
    assert len(queries) == 2
    authors = await Author.objects.prefetch_related(
        Prefetch("books", Book.objects.order_by("-pages"), to_attr="longest")
    ).order_by("id")
    assert [[book.title for book in author.longest] for author in authors] == [["Dune", "zoo 100%"], ["Emma"]]
    deep = await Publisher.objects.prefetch_related("books__tags", "books__author").get(name="Ace")
    assert {tag.name for book in deep.books for tag in book.tags} == {"sand", "old"}
    assert {book.author.name for book in deep.books} == {"Ann"}


async def test_only_and_defer(database, shelf):
    book = await Book.objects.only("title").get(title="Dune")
    assert book.title == "Dune"
    with pytest.raises(AttributeError, match=r"This Book was read without .*pages.*load\("):
        _ = book.pages
    await book.load("pages")
    assert book.pages == 600
    book = await Book.objects.defer("metadata").get(title="Dune")
    assert book.pages == 600
    book = await Book.objects.select_related("author").only("title", "author__name").get(title="Dune")
    assert book.author.name == "Ann"


async def test_raw(database, shelf):
    rows = await Book.objects.raw(f"SELECT b.*, 7 AS luck FROM {Book.__table__.name} b WHERE title = :title", {"title": "Dune"})
    assert [(book.title, book.luck, book.price) for book in rows] == [("Dune", 7, Decimal("12.00"))]
    with pytest.raises(FieldError, match="The SQL asks for ':title'"):
        await Book.objects.raw("SELECT * FROM x WHERE title = :title", {})


async def test_own_querysets(database, shelf):
    assert await titles(Book.objects.cheap().order_by("id")) == ["Emma", "zoo 100%"]
    assert await titles(shelf["ann"].books.all().cheap()) == ["zoo 100%"]


async def test_explain_and_query(database, shelf):
    assert "SELECT" in Book.objects.filter(title="x").query
    assert await Book.objects.filter(title="x").explain()


async def test_through_models_and_symmetrical_relations(database, shelf):
    club = await Club.objects.create(name="Readers")
    await club.members.add(shelf["ann"], since=2020)
    assert await Membership.objects.values_list("since", flat=True) == [2020]
    assert [author.name for author in await club.members] == ["Ann"]
    assert await Club.objects.filter(members__name="Ann").count() == 1
    assert await shelf["ann"].clubs.count() == 1
    await shelf["ann"].friends.add(shelf["bob"])
    assert [friend.name for friend in await shelf["bob"].friends] == ["Ann"]
    await shelf["bob"].friends.remove(shelf["ann"])
    assert await shelf["ann"].friends.count() == 0


async def test_relations_to_many_are_changed(database, shelf):
    dune = shelf["dune"]
    await dune.tags.set([shelf["love"], shelf["old"]])
    assert {tag.name for tag in await dune.tags} == {"love", "old"}
    await dune.tags.remove(shelf["love"])
    await dune.tags.add(shelf["old"], shelf["old"].id)
    assert [tag.name for tag in await dune.tags] == ["old"]
    made = await dune.tags.create(name="new")
    assert await made.books.count() == 1
    await dune.tags.clear()
    assert await dune.tags.count() == 0
    with pytest.raises(FieldError, match=r"relates to many rows. Write: await book.tags.set"):
        dune.tags = []
    with pytest.raises(FieldError, match="author may not be None, so it cannot be taken away"):
        await shelf["ann"].books.clear()


async def test_what_was_not_read_is_never_read_unawares(database, shelf):
    books = await Book.objects.order_by("id")
    with pytest.raises(AttributeError) as caught:
        _ = books[0].author
    assert str(caught.value) == (
        "Book.author was not read. Read it along with select_related('author'), or write await book.load('author'), "
        "which reads it for all 3 of the same query."
    )
    with pytest.raises(AttributeError, match=r"prefetch_related\('tags'\), or write await book.tags, which reads it for all 3"):
        list(books[0].tags)
    with database.queries() as queries:
        await books[0].load("author")
        assert [book.author.name for book in books] == ["Ann", "Bob", "Ann"]
        assert len(await books[0].tags) == 2
        assert len(books[2].tags) == 0
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: Book.objects.filter(titel="x"), r"Book has no field 'titel'. Did you mean 'title'\?"),
        (lambda: Book.objects.filter(author__nme="x"), r"Author has no field 'nme' in 'author__nme'. Did you mean 'name'\?"),
        (
            lambda: Book.objects.filter(title__contain="x"),
            r"'title__contain' asks for 'contain' of the field 'title'. Did you mean 'contains'\?",
        ),
        (lambda: Book.objects.order_by("titel"), "Book has no field 'titel'"),
        (lambda: Book.objects.values("titel"), "Book has no field 'titel'"),
        (lambda: Book.objects.filter(price__gt=None), "cannot be compared with None"),
        (lambda: Book.objects.filter(title__in="abc"), "takes several values"),
        (lambda: Book.objects.filter(pages__range=[1]), "takes two values"),
        (lambda: Book.objects.order_by('title" DESC; --'), "has no field"),
    ],
)
async def test_mistakes_are_named(database, ask, message):
    with pytest.raises(FieldError, match=message):
        await ask()


def test_names_from_outside_cannot_become_sql():
    for name in ('x"; DROP TABLE book', "a b", "a__b", "1x"):
        with pytest.raises(FieldError, match="is no name for an annotation"):
            Book.objects.annotate(**{name: F("pages")})
    with pytest.raises(FieldError, match="Book has 'title' already"):
        Book.objects.annotate(title=F("pages"))


@pytest.mark.parametrize(
    "lookups",
    [
        {"id": 2**70},
        {"pages__gt": -(2**64)},
        {"pages": "many"},
        {"price": "12,5"},
        {"genre": "prose"},
        {"published": "yesterday"},
    ],
)
async def test_values_that_no_column_holds_are_a_clients_mistake(database, lookups):
    with pytest.raises(InvalidValue) as caught:
        await Book.objects.filter(**lookups)
    assert caught.value.status_code == 400
    assert next(iter(lookups)) in str(caught.value)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a|ab)*c", "([a-z]+)*!", "(a?){50}", "((a*)b*)*", "(.*a){30}", "(", "a" * 501]
)
async def test_expressions_that_may_never_end_are_refused_where_nothing_could_end_them(lite, pattern):
    await lite.create_all()
    for lookup in ("title__regex", "title__iregex"):
        with pytest.raises(InvalidValue, match="regular expression") as caught:
            await Book.objects.filter(**{lookup: pattern})
        assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("^(foo|bar)+$", False), (r"^\w+ [a-z]{2,4}$", False), ("(D|E).n", True), ("^D.*e$", True), ("(?i)^(d|u|n|e)+$", True)],
)
async def test_usual_expressions_are_none_of_them(lite, pattern, fits):
    await lite.create_all()
    await Tag.objects.create(name="Dune")
    assert await Tag.objects.filter(name__regex=pattern).exists() is fits


async def test_text_that_tries_to_be_sql_is_text(database, shelf):
    nasty = "'; DROP TABLE x; -- %s ? $1 :a \\ \""
    await Tag.objects.create(name=nasty[:50])
    assert (await Tag.objects.get(name=nasty[:50])).name == nasty[:50]
    assert await Tag.objects.filter(name__contains="%s ?").count() == 1
    assert await Tag.objects.filter(name__icontains="\\").count() == 1


async def test_countries_have_keys_of_their_own(database, shelf):
    assert (await Country.objects.get(pk="AT")).name == "Austria"
    assert await Publisher.objects.filter(country="AT").count() == 1
    assert (await Publisher.objects.get(name="Ace")).country_id == "AT"


async def test_reviews_of_a_book_know_it(database, shelf):
    await Review.objects.create(book=shelf["dune"])
    reviews = await shelf["dune"].reviews
    assert reviews[0].book is shelf["dune"]
