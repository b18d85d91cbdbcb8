"""What the tutorial promises happens."""


def test_ten_lines(client_of):
    client = client_of("ten_lines")
    assert client.get("/").text == '{"message":"Hello"}'
    assert client.get("/squares/12").text == '{"number":12,"square":144}'
    refused = client.get("/squares/twelve")
    assert refused.status_code == 422
    assert refused.json() == {
        "detail": [
            {
                "type": "int_parsing",
                "loc": ["path", "number"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "twelve",
            }
        ]
    }
    assert client.get("/docs").status_code == 200
