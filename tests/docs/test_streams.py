"""What the page about streams promises happens."""


def test_streams(client_of):
    client = client_of("streams")
    assert client.get("/answers/7/lines").text.splitlines()[:2] == ['{"text":"Forty"}', '{"text":"two"}']
    assert client.get("/answers/7/events").text.startswith('data: {"text":"Forty"}\n\n')
    assert client.get("/answers/7/events").text.endswith("event: end\ndata: \n\n")
    assert client.get("/answers.csv").text == "answer,words\n7,9\n"
    assert client.get("/answers/8/events").status_code == 404


def test_an_answer_is_resumed(client_of):
    client = client_of("answers")
    assert "new EventSource" in client.get("/").text
    *events, nothing = client.get("/answers/7").text.split("\n\n")
    assert (len(events), nothing) == (9, "")
    assert events[-1].startswith("event: end\ndata: \nid: ")
    last_id = events[4].rpartition("id: ")[2]
    assert client.get("/answers/7", headers={"last-event-id": last_id}).text.split("\n\n") == [*events[5:], ""]


def test_orders_are_followed(client_of):
    client = client_of("order_events")
    for item in ("tea", "cake"):
        assert client.post("/orders", json={"item": item}).status_code == 201
    with client.stream("GET", "/orders/events", headers={"last-event-id": "never was"}) as response:
        lines = response.iter_lines()
        events = [line for line in (next(lines) for _ in range(12)) if line.startswith(("event", "data"))]
    assert events == [
        "event: reset",
        "data: ",
        "event: ordered",
        'data: {"item":"tea","count":1}',
        "event: ordered",
        'data: {"item":"cake","count":1}',
    ]


def test_an_order_that_is_made_once_the_stream_is_open_is_seen(client_of):
    client = client_of("order_events")
    with client.stream("GET", "/orders/events") as response:
        client.post("/orders", json={"item": "tea"})
        lines = response.iter_lines()
        assert [next(lines), next(lines)] == ["event: ordered", 'data: {"item":"tea","count":1}']
