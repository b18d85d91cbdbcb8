"""What the pages about lists promise happens."""


def ids(response):
    return [item["id"] for item in response.json()["items"]]


def test_articles(client_of):
    client = client_of("articles")
    response = client.get("/articles?price__gte=50&order_by=-price&size=10")
    assert ids(response) == [3, 2]
    assert {key: response.json()[key] for key in ("total", "page", "size", "pages")} == {
        "total": 2,
        "page": 1,
        "size": 10,
        "pages": 1,
    }
    assert ids(client.get("/articles?cheap=true")) == [1]
    first = client.get("/latest")
    assert ids(first) == [2, 1]
    assert ids(client.get(f"/latest?cursor={first.json()['next']}")) == [3]


def test_hand_written_page(client_of):
    assert client_of("hand_written_page").get("/cities?page=2&size=2").json() == {
        "items": [{"name": "Bern", "people": 135}],
        "total": 3,
        "page": 2,
        "size": 2,
        "pages": 2,
    }


def test_catalogue(client_of):
    client = client_of("catalogue")
    answer = client.get("/books?year__lte=1820&order_by=-year&size=1")
    assert answer.text == '{"items":[{"id":2,"title":"Persuasion","year":1817}],"total":2,"page":1,"size":1,"pages":2}'
    assert (
        client.get("/books?order_by=colour").json()["detail"][0]["msg"] == "Input should be 'title', '-title', 'year' or '-year'"
    )
