"""What PostgreSQL adds: words, likeness, and values gathered; and how the others refuse it. Vectors are everywhere."""

from collections.abc import AsyncIterator

import pytest

from trine.db import Database, InvalidValue, NotSupported, Q, Value
from trine.db.functions import (
    ArrayAgg,
    SearchQuery,
    SearchRank,
    SearchVector,
    StringAgg,
    TrigramSimilarity,
)

from .library import Author, Book

# pg_trgm is a part of PostgreSQL's own packages; who may create databases may install it.


@pytest.fixture
async def words(database: Database, shelf) -> AsyncIterator[Database]:
    """Books with words in them, on PostgreSQL."""
    if database.dialect.name != "postgresql":
        pytest.skip("asked of PostgreSQL")
    await database.run("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    await Book.objects.filter(title="Dune").update(title="The worms of the desert")
    await Book.objects.filter(title="Emma").update(title="Wormeries: how to desert all worms")
    return database


async def titles(rows):
    return [book.title for book in await rows]


async def test_texts_that_are_written_alike_are_found(words):
    near = Book.objects.annotate(near=TrigramSimilarity("title", Value("the worm of a desert"))).order_by("-near")
    found = [(book.title, book.near) for book in await near.filter(near__gt=0.3)]
    assert found[0][0] == "The worms of the desert"
    assert 0.3 < found[0][1] <= 1
    assert await titles(Book.objects.filter(title__trigram_similar="zoo 10")) == ["zoo 100%"]
    assert await Book.objects.exclude(title__trigram_similar="zoo 10").count() == 2
    assert await Author.objects.filter(books__title__trigram_similar="zoo 10").count() == 1


async def test_words_are_ranked(words):
    vector = SearchVector("title", weight="A", config="english") + SearchVector("author__name", config="english")
    query = SearchQuery("deserts -zoo", config="english")
    ranked = Book.objects.annotate(rank=SearchRank(vector, query)).order_by("-rank", "title")
    assert (await titles(ranked))[-1] == "zoo 100%"
    found = Book.objects.annotate(words=vector).filter(words=query)
    assert await found.count() == 2
    assert (
        await Book.objects.annotate(words=vector)
        .filter(words=SearchQuery("worms of the desert", search_type="phrase", config="english"))
        .count()
        == 1
    )
    either = SearchQuery("zoo", config="english") | SearchQuery("worms", config="english")
    assert await Book.objects.annotate(words=vector).filter(words=either).count() == 3
    both = SearchQuery("worms", config="english") & ~SearchQuery("all", config="simple")
    assert await Book.objects.annotate(words=vector).filter(words=both & SearchQuery("deserts", config="english")).count() == 2
    assert await Book.objects.annotate(words=vector).filter(words="worms").count() == 2
    rank = await Book.objects.annotate(rank=SearchRank("title", Value("worms"))).order_by("-rank").values_list("rank", flat=True)
    assert rank[0] > rank[-1] == 0


async def test_words_of_a_search_may_be_anything(words):
    for text in ("", "'; DROP TABLE book; --", "a & | !", "((", ":* <->", '"unclosed'):
        assert await Book.objects.filter(title__search=text).count() == 0
        assert await Book.objects.annotate(rank=SearchRank("title", Value(text))).count() == 3
    with pytest.raises(InvalidValue, match=r"a & \| !"):
        await Book.objects.annotate(words=SearchVector("title")).filter(words=SearchQuery("a & | !", search_type="raw"))


async def test_values_are_gathered(words):
    rows = await Author.objects.annotate(
        pages=ArrayAgg("books__pages"),
        titles=StringAgg("books__title", "; "),
        long=ArrayAgg("books__pages", filter=Q(books__pages__gt=100)),
    ).order_by("name")
    assert [(sorted(row.pages), row.long) for row in rows] == [([30, 600], [600]), ([300], [300])]
    assert sorted(rows[0].titles.split("; ")) == ["The worms of the desert", "zoo 100%"]
    assert await Book.objects.aggregate(all=ArrayAgg("pages", distinct=True, ordering="-pages")) == {"all": [600, 300, 30]}
    grouped = (
        await Book.objects.values("author__name").annotate(t=StringAgg("title", ", ", ordering="title")).order_by("author__name")
    )
    assert grouped[0]["t"] == "The worms of the desert, zoo 100%"
    assert await Book.objects.none().aggregate(all=ArrayAgg("pages")) == {"all": None}
    assert await Book.objects.filter(pages=-1).aggregate(all=ArrayAgg("pages", default=Value([]))) == {"all": []}


async def test_texts_are_joined_everywhere(database, shelf):
    joined = await Author.objects.annotate(titles=StringAgg("books__title", " \\'%s/ ")).order_by("name")
    assert [sorted(author.titles.split(" \\'%s/ ")) for author in joined] == [["Dune", "zoo 100%"], ["Emma"]]
    cheap = StringAgg("books__title", "|", filter=Q(books__pages__lt=100))
    assert await Author.objects.annotate(t=cheap).order_by("name").values_list("t", flat=True) == ["zoo 100%", None]
    ordered = Author.objects.annotate(titles=StringAgg("books__title", "|", ordering="-books__title")).order_by("name")
    different = StringAgg("author__name", "|", distinct=True)
    if database.dialect.name == "sqlite":
        with pytest.raises(NotSupported, match="cannot join different texts with a delimiter"):
            await Book.objects.aggregate(all=different)
    else:
        assert [author.titles for author in await ordered] == ["zoo 100%|Dune", "Emma"]
        assert sorted((await Book.objects.aggregate(all=different))["all"].split("|")) == ["Ann", "Bob"]
    if not database.dialect.has_ordered_aggregates:
        with pytest.raises(NotSupported, match="cannot order the values that an aggregate gathers"):
            await ordered


async def test_others_refuse_by_name(database, shelf):
    if database.dialect.name == "postgresql":
        pytest.skip("it can")
    for asked, said in (
        (TrigramSimilarity("title", Value("x")), "compare how texts are written"),
        (SearchRank("title", Value("x")), "rank what a search found"),
        (SearchVector("title"), "search for words"),
        (ArrayAgg("pages"), "gather values into arrays"),
    ):
        with pytest.raises(NotSupported, match=said):
            await Book.objects.annotate(found=asked)
