"""The page about mail keeps its promises."""


def test_invoices(client_of, outbox, monkeypatch):
    monkeypatch.setenv("TRINE_MAIL_SENDER", "Shop <hello@example.org>")
    client = client_of("invoices")
    assert client.post("/orders", json={"email": "ada@example.org", "items": ["lamp"]}).status_code == 201
    (message,) = outbox
    assert (message.subject, message.to, message.sender) == ("Your order", ("ada@example.org",), "Shop <hello@example.org>")
    assert [(attachment.name, attachment.data) for attachment in message.attachments] == [("bill.csv", b"lamp")]
