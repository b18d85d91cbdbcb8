import crud
import pytest
from crud import Magazine, Publisher

from trine.testing import Factory, make


@pytest.fixture
def client(rolled_back_client_for):
    return rolled_back_client_for(crud.app)


class PublisherFactory(Factory[Publisher], model=Publisher):
    name = lambda n: f"Publisher {n}"  # noqa: E731


class MagazineFactory(Factory[Magazine], model=Magazine):
    title = "Brush"
    publisher = PublisherFactory


def test_cheap_ones_are_listed(client, assert_num_queries):
    client.portal.call(MagazineFactory.make(price=3))
    client.portal.call(MagazineFactory.make(price=30))
    with assert_num_queries(1):
        assert client.get("/cheap").json() == [{"title": "Brush", "price": 3}]


def test_what_a_test_does_not_care_about_is_made_up(client):
    magazine = client.portal.call(make(Magazine, title="Mine"))
    assert client.get(f"/magazines/{magazine.pk}").json()["publisher"] == {"name": magazine.publisher.name}


def test_nothing_is_left_of_other_tests(client):
    assert Magazine.objects.sync.count() == 0
