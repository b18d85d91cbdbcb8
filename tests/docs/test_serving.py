"""What the pages about models say, on their own examples."""

import json


def test_a_model_with_limits(client_of):
    client = client_of("sentiment")
    assert client.post("/sentiment", json={"text": "I love it"}).json() == {"score": 1.0}
    assert client.post("/sentiment", json={"text": "a chair"}).status_code == 422
    assert client.post("/sentiment", json={"text": "bad"}, headers={"x-plan": "paid"}).json() == {"score": -1.0}
    many = client.post("/sentiment/batch", json=[{"text": "good"}, {"text": "chair"}]).json()
    assert many == {
        "outputs": [{"score": 1.0}, None],
        "errors": [{"index": 1, "status": 422, "detail": "No word says anything."}],
    }
    assert client.get("/reviews/1/mood").json() == {"score": 1.0}


def test_shared_steps(client_of):
    client = client_of("spelling")
    answer = client.post("/spell", json={"text": "ab"}, headers={"accept": "application/jsonl"})
    assert [json.loads(line) for line in answer.text.splitlines()] == ["a", "b", {"end": {}}]
    again = client.get(f"/spell/{answer.headers['stream-id']}")
    assert again.text.count("data:") == 3
