"""Messages: what can be sent, and what is refused before a server sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trine.mail import Attachment, InvalidMessage, Message, parse_address

SENDER = parse_address("Shop <hello@example.org>")


@pytest.mark.parametrize(
    ("text", "mailbox", "name"),
    [
        ("ada@example.org", "ada@example.org", ""),
        ("Ada Lovelace <ada@example.org>", "ada@example.org", "Ada Lovelace"),
        ('"Lovelace, Ada" <ada+shop@example.org>', "ada+shop@example.org", "Lovelace, Ada"),
        ('"The \\"Countess\\"" <ada@example.org>', "ada@example.org", 'The "Countess"'),
        ("<ada@EXAMPLE.org>", "ada@example.org", ""),
        ("info@straße.de", "info@xn--strae-oqa.de", ""),
        ("zoë@example.org", "zoë@example.org", ""),
    ],
)
def test_an_address_is_read(text, mailbox, name):
    address = parse_address(text)
    assert (address.mailbox, address.name) == (mailbox, name)
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ada", "it has no @"),
        ("ada@", "'' is no domain"),
        ("@example.org", "'' cannot stand before the @"),
        ("ada lovelace@example.org", "'ada lovelace' cannot stand before the @"),
        ("ada..b@example.org", "'ada..b' cannot stand before the @"),
        ("ada@exam ple.org", "'exam ple.org' is no domain"),
        ("ada@-example-.org", "'-example-.org' is no domain"),
        ("ada@example.org\r\nBcc: all@example.org", "it has a line break or another control character in it"),
        ("Ada\n <ada@example.org>", "it has a line break or another control character in it"),
        ("a@example.org, b@example.org", "'a@example.org, b' cannot stand before the @"),
        (f"{'a' * 65}@example.org", "cannot stand before the @"),
        ('"ada"@example.org', "cannot stand before the @"),
    ],
)
def test_what_is_no_address_is_refused(text, reason):
    with pytest.raises(InvalidMessage) as refused:
        parse_address(text)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda bad: Message(f"Hello{bad}Bcc: all@example.org", "ada@example.org", "Hi"),
        lambda bad: Message("Hello", f"ada@example.org{bad}", "Hi"),
        lambda bad: Message("Hello", "ada@example.org", "Hi", sender=f"a@example.org{bad}"),
        lambda bad: Message("Hello", f"Ada{bad}Bcc: all <ada@example.org>", "Hi"),
        lambda bad: Message("Hello", "ada@example.org", "Hi", reply_to=f"a@example.org{bad}b@example.org"),
        lambda bad: Message("Hello", "ada@example.org", "Hi", headers={"X-Shop": f"1{bad}Bcc: all@example.org"}),
        lambda bad: Message("Hello", "ada@example.org", "Hi", headers={f"X-Shop{bad}Bcc": "all@example.org"}),
        lambda bad: Message("Hello", "ada@example.org", "Hi", attachments=[Attachment(f"a{bad}b.txt", b"")]),
        lambda bad: Message("Hello", "ada@example.org", "Hi", attachments=[Attachment("a.txt", b"", f"text/plain{bad}X: y")]),
    ],
    ids=["subject", "address", "sender", "name", "reply-to", "header", "header name", "file name", "content type"],
)
@pytest.mark.parametrize("bad", ["\r\n", "\n", "\r", "\0", "\x85", "\u2028", "\ud800"])
def test_a_line_break_gets_into_no_header(build, bad):
    with pytest.raises(InvalidMessage):
        build(bad)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Message("Hello", [], "Hi"), "The message 'Hello' goes to nobody."),
        (
            lambda: Message("Hello", [f"u{n}@example.org" for n in range(501)], "Hi"),
            "The message 'Hello' goes to 501 recipients, and a message may have 500.",
        ),
        (lambda: Message("Hello", "ada@example.org"), "The message 'Hello' says nothing: it has neither text nor html."),
        (
            lambda: Message("Hello", "ada@example.org", "Hi", headers={"bcc": "all@example.org"}),
            "The header 'bcc' is the message's own: say it with the field of that name.",
        ),
        (
            lambda: Message("Hello", "ada@example.org", html='<img src="cid:logo">'),
            "The HTML shows 'cid:logo', and no attachment has this cid.",
        ),
        (
            lambda: Message("Hello", "ada@example.org", "Hi", attachments=[Attachment("a.png", b"", cid="a")]),
            "The attachment with cid='a' is an image inside HTML, and there is no html.",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_when_it_is_made(make, said):
    with pytest.raises(InvalidMessage) as refused:
        make()
    assert str(refused.value) == said


def test_an_attachment_has_no_folder_and_a_type(tmp_path):
    assert Attachment("..\\..\\etc/passwd.csv", b"").name == "passwd.csv"
    assert Attachment("numbers.csv", b"").content_type == "text/csv"
    assert Attachment("numbers.unknown-ending", b"").content_type == "application/octet-stream"
    (tmp_path / "a.txt").write_bytes(b"text")
    assert Attachment.read(tmp_path / "a.txt", name="b.txt") == Attachment("b.txt", b"text", "text/plain")


def test_the_longest_list_of_recipients_stays_quick():
    message = Message("Hello", [f"Näme {n} <user{n}@example.org>" for n in range(500)], "Hi")
    written = message.mime(SENDER).as_bytes()
    assert max(map(len, written.splitlines())) < 998


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_people_write_a_message_has_the_headers_it_should_have(subject, name, text, value):
    try:
        message = Message(subject, f"{name} <ada@example.org>", text, headers={"X-Note": value})
    except InvalidMessage:
        return
    written = message.mime(SENDER).as_bytes()
    head = written.split(b"\r\n\r\n", 1)[0].decode()
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    own = ["From", "To", "Subject", "Date", "Message-ID", "X-Note"]
    assert names == [*own, *[name for name in names if name.startswith(("Content-", "MIME-"))]]


@given(st.text())
def test_any_text_is_an_address_or_is_refused(text):
    try:
        address = parse_address(text)
    except InvalidMessage:
        return
    assert address.mailbox.count("@") >= 1
    assert not any(character in address for character in "\r\n\0")
