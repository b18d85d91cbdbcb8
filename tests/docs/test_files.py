"""What the page about files promises happens."""


def test_files(client_of):
    client = client_of("files")
    report = client.get("/reports/orders.csv", headers={"range": "bytes=0-4"})
    assert (report.status_code, report.text) == (206, "month")
    assert report.headers["content-disposition"] == 'attachment; filename="orders.csv"'
    assert client.get("/reports/..%2fstatic%2fmain.css").status_code == 404
    style = client.get("/static/main.css")
    assert (style.headers["content-encoding"], style.text) == ("gzip", "body { font-family: Title; }\n")


def test_single_page_application(client_of):
    client = client_of("files")
    assert "<title>Shop" in client.get("/orders/7", headers={"accept": "text/html"}).text
    assert client.get("/orders/7").status_code == 404
    assert "immutable" in client.get("/assets/app-3f2a9c1b.js").headers["cache-control"]
