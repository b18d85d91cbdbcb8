import newsroom
import pytest

from trine.testing import WebSocketDenied


@pytest.fixture
def client(client_for):
    return client_for(newsroom.app)


# --8<-- [start:stream]
def test_headlines_arrive_one_by_one(client):
    with client.stream("GET", "/ticker") as answer:
        lines = answer.iter_lines()
        client.post("/news", params={"headline": "Rain"})
        assert next(lines) == "Rain"
        client.post("/news", params={"headline": "Sun"})
        assert next(lines) == "Sun"


# --8<-- [end:stream]
# --8<-- [start:socket]
def test_readers_hear_the_news(client):
    with client.websocket_connect("/live") as reader:
        assert reader.receive_text() == "welcome"
        client.post("/news", params={"headline": "Rain"})
        assert reader.receive_text() == "Rain"
    assert newsroom.readers == set()


def test_nothing_is_said_elsewhere(client):
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/elsewhere"):
        pass
    assert denied.value.response.status_code == 403


# --8<-- [end:socket]
# --8<-- [start:async]
@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_the_desk_is_on_the_same_loop(async_client_for):
    async with async_client_for(newsroom.app) as client:
        await client.post("/news", params={"headline": "Rain"})
        assert newsroom.app.state.news.get_nowait() == "Rain"


# --8<-- [end:async]
# --8<-- [start:live]
def test_over_a_real_socket(live_server):
    import httpx2

    server = live_server(newsroom.app)
    assert httpx2.post(f"{server.url}/news", params={"headline": "Rain"}).status_code == 202


# --8<-- [end:live]
