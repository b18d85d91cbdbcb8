"""What the page about streams promises happens."""


def test_streams(client_of):
    client = client_of("streams")
    assert client.get("/answers/7/lines").text.splitlines()[:2] == ['{"text":"Forty"}', '{"text":"two"}']
    assert client.get("/answers/7/events").text.startswith('data: {"text":"Forty"}\n\n')
    assert client.get("/answers/7/events").text.endswith("event: end\ndata: \n\n")
    assert client.get("/answers.csv").text == "answer,words\n7,9\n"
    assert client.get("/answers/8/events").status_code == 404
