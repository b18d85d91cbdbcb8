"""What the page about metrics promises happens."""


def test_measured(client_of):
    client = client_of("measured")
    client.post("/orders", params={"country": "de", "euros": 20})
    text = client.get("/metrics").text
    assert 'orders_total{country="de"} 1.0' in text
    assert 'basket_euros_bucket{le="50.0"} 1.0' in text
    assert 'trine_http_request_seconds_count{method="POST",route="/orders",status="200"} 1.0' in text
