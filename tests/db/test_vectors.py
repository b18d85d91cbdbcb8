"""Vectors, and how near they are: on SQLite, on a real pgvector, and what MariaDB says."""

from typing import Any, ClassVar

import pytest

from trine.db import Database, F, Index, InvalidValue, Model, NotSupported, atomic, field, registry
from trine.db.functions import CosineDistance, L2Distance, MaxInnerProduct

PLACES = {"north": [0.0, 1.0], "east": [2.0, 0.0], "north-east": [1.0, 1.0], "south": [0.0, -1.0]}


@pytest.fixture
def place() -> Any:
    with registry.isolated():

        class Place(Model):
            name: str = field(max_length=20)
            direction: list[float] = field(dimensions=2)
            seen: list[float] | None = field(dimensions=3, default=None)

        yield Place


@pytest.fixture(params=["sqlite", "pgvector"])
async def places(request, tmp_path, place):
    """A model with its rows, in a database that knows vectors."""
    url = f"sqlite:///{tmp_path / 'places.sqlite3'}" if request.param == "sqlite" else request.getfixturevalue("pgvector")
    async with Database(url) as database:
        await database.create_all()
        await place.objects.bulk_create([place(name=name, direction=direction) for name, direction in PLACES.items()])
        yield place
        await database.drop_all()


async def test_a_vector_comes_back_as_it_was(places):
    made = await places.objects.create(name="odd", direction=(1, 0.25), seen=[1e-3, 2, -3.5])
    found = await places.objects.get(id=made.id)
    assert (found.direction, found.seen) == ([1.0, 0.25], pytest.approx([1e-3, 2, -3.5], rel=1e-6))
    assert (await places.objects.get(name="north")).seen is None
    await places.objects.filter(name="odd").update(direction=[3, 4])
    assert await places.objects.filter(name="odd").values_list("direction", flat=True) == [[3.0, 4.0]]
    assert await places.objects.filter(direction=[3, 4]).count() == 1
    assert await places.objects.filter(seen__isnull=True).count() == 4


@pytest.mark.parametrize(
    ("distance", "near", "order"),
    [
        (L2Distance, 1.0, ["north", "north-east", "east", "south"]),
        (CosineDistance, 0.1, ["north", "north-east", "east", "south"]),
        (MaxInnerProduct, -1.5, ["north", "north-east", "east", "south"]),
    ],
)
async def test_the_nearest_come_first(places, distance, near, order):
    rows = await places.objects.annotate(far=distance("direction", [0, 2])).order_by("far", "name")
    assert [row.name for row in rows] == order
    nearest = places.objects.annotate(far=distance("direction", [0, 2])).filter(far__lte=near + 1e-6)
    assert [row.name async for row in nearest.order_by("far", "name")][:1] == ["north"]
    assert [row.name for row in await places.objects.order_by(distance("direction", [0, 2]), "name")] == order


async def test_how_near_they_are_is_a_number(places):
    row = await places.objects.annotate(
        l2=L2Distance("direction", [4, 4]), cosine=CosineDistance("direction", [0, 5]), inner=MaxInnerProduct("direction", [2, 3])
    ).get(name="east")
    assert (row.l2, row.cosine, row.inner) == (pytest.approx(20**0.5), pytest.approx(1), pytest.approx(-4))


async def test_what_has_no_vector_is_farthest(places):
    await places.objects.filter(name="east").update(seen=[1, 1, 1])
    away = places.objects.annotate(away=L2Distance("seen", [1, 1, 0]))
    assert await away.filter(away__isnull=False).count() == 1
    assert await away.order_by("away", "name").values_list("name", flat=True) == ["east", "north", "north-east", "south"]
    assert await away.order_by("-away", "name").values_list("name", flat=True) == ["north", "north-east", "south", "east"]


async def test_a_field_is_compared_with_a_field(places):
    assert await places.objects.annotate(far=L2Distance("direction", F("direction"))).filter(far=0).count() == 4


@pytest.mark.parametrize("wrong", [[1.0], [1.0, 2.0, 3.0], ["a", 1.0], [float("nan"), 1.0], [float("inf"), 1.0], "ab"])
async def test_what_is_no_vector_of_the_field_is_refused(places, wrong):
    with pytest.raises(InvalidValue):
        await places.objects.create(name="wrong", direction=wrong)
    with pytest.raises(InvalidValue):
        await places.objects.annotate(far=L2Distance("direction", wrong))
    assert await places.objects.count() == 4


async def test_mariadb_says_that_it_cannot(mariadb_url):
    with registry.isolated():

        class Place(Model):
            direction: list[float] = field(dimensions=2)

        async with Database(mariadb_url) as database:
            await database.create_all()
            await Place.objects.create(direction=[1, 2])
            assert (await Place.objects.get()).direction == [1.0, 2.0]
            with pytest.raises(NotSupported, match="compare vectors"):
                await Place.objects.annotate(far=L2Distance("direction", [1, 2]))
            await database.drop_all()


async def test_an_index_of_pgvector_is_made_and_used(pgvector):
    with registry.isolated():

        class Passage(Model):
            text: str = ""
            embedding: list[float] = field(dimensions=8)

            class Meta:
                indexes: ClassVar = [Index("embedding", name="near", using="hnsw", opclass="vector_cosine_ops")]

        async with Database(pgvector) as database:
            await database.create_all()
            rows = [
                Passage(text=str(number), embedding=[float(number >> bit & 1) + 0.1 for bit in range(8)]) for number in range(256)
            ]
            await Passage.objects.bulk_create(rows)
            far = CosineDistance("embedding", rows[77].embedding)
            async with atomic():
                await database.run("SET LOCAL enable_seqscan = off")
                for near in (Passage.objects.order_by(far)[:3], Passage.objects.annotate(far=far).order_by("far")[:3]):
                    assert "Index Scan using near" in await near.explain()
                    assert (await near)[0].text == "77"
            await database.drop_all()
