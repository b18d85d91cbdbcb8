"""What the page about formats promises happens."""


def test_formats(client_of):
    client = client_of("formats")
    assert client.get("/orders").json()[0] == {"number": 1, "customer": "Ada", "total": 12.5}
    table = client.get("/orders", headers={"accept": "text/csv"})
    assert table.text == "number,customer,total\r\n1,Ada,12.5\r\n2,Grace,80.0\r\n"
    page = client.get("/orders", headers={"accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert "<td>Grace<td>80.00" in page.text
    assert client.get("/orders", headers={"accept": "image/png"}).status_code == 406
