"""Mail through a real SMTP server: TLS, a login, kept connections, and what a server may answer."""

import asyncio

import pytest

from trine import App, SetupError
from trine.mail import Attachment, Mail, MailNotSent, MailSettings, Message
from trine.testing import TestClient

HELLO = Message("Hello", "ada@example.org", "How are you?")


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_message_arrives(post_office, security):
    office = post_office(security=security)
    delivery = await Mail(office.settings).send(HELLO)
    (arrived,) = office.messages
    assert arrived["From"] == "Shop <hello@example.org>"
    assert (arrived["To"], arrived["Subject"]) == ("ada@example.org", "Hello")
    assert arrived["Message-ID"] == delivery.message_id
    assert arrived.get_content().strip() == "How are you?"
    assert office.tls == [security != "none"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_login_is_given(post_office, security):
    office = post_office(security=security, login=True, username="ada", password="correct horse")
    await Mail(office.settings).send(HELLO)
    assert len(office.messages) == 1


async def test_a_wrong_password_is_told_without_the_password(post_office):
    office = post_office(security="starttls", login=True, username="ada", password="wrong horse")
    with pytest.raises(MailNotSent) as refused:
        await Mail(office.settings).send(HELLO)
    assert "535" in str(refused.value)
    assert "horse" not in str(refused.value)
    assert refused.value.is_temporary is False


async def test_a_certificate_that_nobody_knows_is_refused(post_office):
    office = post_office(security="starttls", ca_file=None)
    with pytest.raises(MailNotSent, match=r"certificate of 127\.0\.0\.1:\d+ is not to be trusted.*TRINE_MAIL_CA_FILE"):
        await Mail(office.settings).send(HELLO)
    assert office.messages == []


async def test_a_server_without_starttls_gets_no_mail(post_office):
    office = post_office(security="none")
    with pytest.raises(MailNotSent, match="STARTTLS"):
        await Mail(office.settings.model_copy(update={"security": "starttls"})).send(HELLO)
    assert office.messages == []


async def test_hidden_recipients_get_it_and_stay_hidden(post_office):
    office = post_office()
    message = Message("Hello", ["ada@example.org"], "Hi", cc="alan@example.org", bcc=["grace@example.org", "ada@example.org"])
    await Mail(office.settings).send(message)
    assert office.recipients == [["ada@example.org", "alan@example.org", "grace@example.org"]]
    assert "grace" not in office.messages[0].as_string()


async def test_text_html_attachments_and_images_arrive_as_readers_expect_them(post_office):
    office = post_office()
    message = Message(
        "Grüße",
        "Zoë Müller <zoe@exämple.org>",
        "Schöne Grüße",
        '<p>Schöne Grüße <img src="cid:logo"></p>',
        attachments=[Attachment("résumé.csv", b"a;b"), Attachment("logo.png", b"\x89PNG", cid="logo")],
        reply_to="office@example.org",
        headers={"List-Unsubscribe": "<https://example.org/bye>"},
    )
    await Mail(office.settings).send(message)
    (arrived,) = office.messages
    kinds = [part.get_content_type() for part in arrived.walk()]
    related = ["multipart/related", "text/html", "image/png"]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", *related, "text/csv"]
    assert (arrived["Subject"], arrived["To"]) == ("Grüße", "Zoë Müller <zoe@xn--exmple-cua.org>")
    assert (arrived["Reply-To"], arrived["List-Unsubscribe"]) == ("office@example.org", "<https://example.org/bye>")
    assert arrived.get_body(("plain",)).get_content().strip() == "Schöne Grüße"
    assert "Schöne" in arrived.get_body(("html",)).get_content()
    (csv,) = arrived.iter_attachments()
    assert (csv.get_filename(), csv.get_content()) == ("résumé.csv", b"a;b") or csv.get_content() == "a;b"
    image = next(part for part in arrived.walk() if part.get_content_type() == "image/png")
    assert (image["Content-ID"], image.get_content_disposition(), image.get_content()) == ("<logo>", "inline", b"\x89PNG")


async def test_an_address_beyond_ascii_goes_to_a_server_that_takes_it(post_office):
    office = post_office()
    await Mail(office.settings).send(Message("Hello", "zoë@example.org", "Hi"))
    assert office.recipients == [["zoë@example.org"]]


async def test_while_the_application_runs_connections_are_kept(post_office):
    office = post_office()
    app, mail = App(), Mail(office.settings)
    app.install(mail)
    async with app.running():
        for _ in range(3):
            await mail.send(HELLO)
    assert (len(office.messages), office.connections) == (3, 1)


async def test_many_messages_take_one_connection_and_each_has_its_answer(post_office):
    office = post_office()
    office.refuse["gone@example.org"] = "550 No such user"
    messages = [HELLO, Message("Hello", "gone@example.org", "Hi"), Message("Hello", "grace@example.org", "Hi")]
    one, two, three = await Mail(office.settings).send_many(messages)
    assert (one.error, three.error) == (None, None)
    assert isinstance(two.error, MailNotSent)
    assert two.refused == {"gone@example.org": "550 No such user"}
    assert office.recipients == [["ada@example.org"], ["grace@example.org"]]
    assert office.connections == 1


async def test_no_more_connections_than_allowed(post_office):
    office = post_office(connections=2)
    app, mail = App(), Mail(office.settings)
    app.install(mail)
    async with app.running():
        await asyncio.gather(*[mail.send(HELLO) for _ in range(8)])
    assert len(office.messages) == 8
    assert office.connections <= 2


async def test_a_recipient_that_is_refused_keeps_it_from_nobody_else(post_office):
    office = post_office()
    office.refuse["gone@example.org"] = "550 No such user"
    delivery = await Mail(office.settings).send(Message("Hello", ["gone@example.org", "ada@example.org"], "Hi"))
    assert delivery.refused == {"gone@example.org": "550 No such user"}
    assert office.recipients == [["ada@example.org"]]


@pytest.mark.parametrize(("answer", "is_temporary"), [("554 Spam", False), ("451 Later", True)])
async def test_a_refusal_says_whether_another_attempt_may_help(post_office, answer, is_temporary):
    office = post_office()
    office.answer = answer
    with pytest.raises(MailNotSent) as refused:
        await Mail(office.settings).send(HELLO)
    assert (str(refused.value), refused.value.is_temporary) == (f"The server refused the message: {answer}", is_temporary)


async def test_a_kept_connection_that_was_cut_is_replaced(post_office):
    office = post_office()
    app, mail = App(), Mail(office.settings)
    app.install(mail)
    async with app.running():
        office.hang_up = True
        with pytest.raises(MailNotSent) as lost:
            await mail.send(HELLO)
        assert lost.value.is_temporary
        office.hang_up = False
        await mail.send(HELLO)
    assert (len(office.messages), office.connections) == (1, 2)


async def test_a_server_that_is_away_is_told():
    settings = MailSettings(host="127.0.0.1", port=9, security="none", sender="hello@example.org", timeout=2)
    with pytest.raises(MailNotSent, match=r"No mail was sent through 127\.0\.0\.1:9: ") as refused:
        await Mail(settings).send(HELLO)
    assert refused.value.is_temporary


def test_a_plain_handler_sends_by_the_sync_twin(post_office):
    office = post_office()
    app, mail = App(), Mail(office.settings)
    app.install(mail)

    @app.post("/hello")
    def hello() -> str:
        return mail.sync.send_mail("Hello", "ada@example.org", "Hi").message_id

    with TestClient(app) as client:
        assert [client.post("/hello").status_code for _ in range(2)] == [200, 200]
    assert (len(office.messages), office.connections) == (2, 1)


def test_a_script_sends_without_an_application(post_office):
    office = post_office()
    Mail(office.settings).sync.send(HELLO)
    assert len(office.messages) == 1


def test_the_environment_says_it_all(post_office, monkeypatch):
    office = post_office()
    monkeypatch.setenv("TRINE_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("TRINE_MAIL_PORT", str(office.settings.port))
    monkeypatch.setenv("TRINE_MAIL_SECURITY", "none")
    monkeypatch.setenv("TRINE_MAIL_SENDER", "Shop <hello@example.org>")
    app = App()

    @app.post("/hello")
    async def hello() -> str:
        await app.mail.send_mail("Hello", "ada@example.org", "Hi")
        return "sent"

    with TestClient(app) as client:
        assert client.post("/hello").json() == "sent"
    assert office.messages[0]["From"] == "Shop <hello@example.org>"


def test_a_sender_that_is_no_address_stops_the_start():
    app = App()
    app.install(Mail(MailSettings(host="127.0.0.1", sender="hello")))
    with pytest.raises(SetupError, match="TRINE_MAIL_SENDER: 'hello' is no mail address: it has no @"), TestClient(app):
        pass
