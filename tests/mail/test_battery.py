"""Where mail goes without a server: the console in development, a list in tests, and nowhere in production."""

import io

import pytest

from trine import App, Pages, Settings, SetupError
from trine.i18n import I18n
from trine.mail import Attachment, ConsoleTransport, InvalidMessage, Mail, MailSettings, Message
from trine.testing import TestClient

HELLO = Message("Grüße", "Ada <ada@example.org>", "Schöne Grüße", "<p>Schöne Grüße</p>", bcc="alan@example.org")


def test_the_outbox_keeps_what_is_sent(outbox):
    app = App()
    app.install(Mail(MailSettings(host="mail.example.org", sender="Shop <hello@example.org>")))

    @app.post("/hello")
    async def hello() -> None:
        await app.mail.send(HELLO)

    with TestClient(app) as client:
        client.post("/hello")
    assert [(message.subject, message.to, message.sender) for message in outbox] == [
        ("Grüße", ("Ada <ada@example.org>",), "Shop <hello@example.org>")
    ]


async def test_the_console_shows_a_message_to_read():
    stream = io.StringIO()
    mail = Mail(MailSettings(sender="hello@example.org"), transport=ConsoleTransport(stream))
    await mail.send(Message("Grüße", "ada@example.org", "Schöne Grüße", "<p>Hi</p>", attachments=[Attachment("a.csv", b"1,2")]))
    assert [line for line in stream.getvalue().splitlines() if line and "─" not in line] == [
        "From: hello@example.org",
        "To: ada@example.org",
        "Subject: Grüße",
        "Schöne Grüße",
        "[HTML of 9 characters]",
        "[a.csv: text/csv, 3 bytes]",
    ]


async def test_development_shows_mail_on_the_console(capsys):
    app = App(settings=Settings(mode="development"))
    app.install(Mail(MailSettings(sender="hello@example.org")))
    await app.mail.send(HELLO)
    assert "Subject: Grüße" in capsys.readouterr().err


async def test_production_without_a_server_loses_no_mail_silently():
    app = App(settings=Settings())
    app.install(Mail(MailSettings(sender="hello@example.org")))
    with pytest.raises(SetupError, match=r"There is no SMTP server to send mail through\. Set TRINE_MAIL_HOST"):
        await app.mail.send(HELLO)


async def test_a_message_without_a_sender_is_refused():
    with pytest.raises(InvalidMessage, match=r"The message 'Grüße' has no sender\. Give it one, or set TRINE_MAIL_SENDER\."):
        await Mail(MailSettings(backend="memory")).send(HELLO)


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        (MailSettings(), ["no-mail-server"]),
        (MailSettings(backend="memory"), ["no-mail-server"]),
        (MailSettings(host="mail.example.org"), ["no-mail-sender"]),
        (MailSettings(host="mail.example.org", security="none", sender="a@example.org"), ["plain-mail"]),
        (MailSettings(host="127.0.0.1", security="none", sender="a@example.org"), []),
        (MailSettings(host="mail.example.org", sender="a@example.org"), []),
    ],
)
def test_what_is_unsafe_in_production_is_found(settings, problems):
    app = App(settings=Settings())
    app.install(Mail(settings))
    assert [problem.name for problem in app.problems()] == problems


def test_a_password_in_the_clear_cannot_be_accepted():
    app = App(settings=Settings(accept_risks=("plain-mail",)))
    app.install(Mail(MailSettings(host="mail.example.org", password="secret", security="none", sender="a@example.org")))
    with pytest.raises(SetupError, match=r"mail and its password travels to mail\.example\.org in the clear"):
        app.refuse_unsafe()


def test_messages_come_from_templates(tmp_path):
    (tmp_path / "welcome.txt").write_text("Hello {{ name }}")
    (tmp_path / "welcome.html").write_text("<p>Hello {{ name }}</p>")
    mail = Mail(template_folder=tmp_path)
    message = mail.render_mail("welcome", {"name": "<Ada>"}, subject="Welcome", to="ada@example.org")
    assert (message.text, message.html) == ("Hello <Ada>", "<p>Hello &lt;Ada&gt;</p>")
    (tmp_path / "welcome.html").unlink()
    assert Mail(template_folder=tmp_path).render_mail("welcome", subject="Welcome", to="ada@example.org").html == ""
    with pytest.raises(LookupError, match=r"There is neither a template 'goodbye\.txt' nor 'goodbye\.html'"):
        mail.render_mail("goodbye", subject="Bye", to="ada@example.org")


async def test_a_service_of_another_kind_is_one_class():
    class Service:
        def __init__(self):
            self.sent = []

        async def send(self, envelopes):
            self.sent += [envelope.mime["Subject"] for envelope in envelopes]
            return [{} for _ in envelopes]

        async def aclose(self):
            self.sent.append("closed")

    service = Service()
    await Mail(MailSettings(sender="hello@example.org"), transport=service).send(HELLO)
    assert service.sent == ["Grüße", "closed"]


async def test_messages_come_from_the_templates_of_pages_in_the_language_that_is_spoken(tmp_path, outbox):
    (tmp_path / "templates" / "mail").mkdir(parents=True)
    (tmp_path / "templates" / "mail" / "welcome.txt").write_text(
        "{{ _('Welcome') }}, {{ name|shout }} {{ 1234.5|format_number }}"
    )
    words = tmp_path / "translations" / "de" / "LC_MESSAGES"
    words.mkdir(parents=True)
    (words / "messages.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Welcome"\nmsgstr "Willkommen"\n')
    app = App()
    app.origin = tmp_path
    app.install(Pages(root_path=tmp_path), I18n(), Mail(MailSettings(sender="hello@example.org")))

    @app.template_filter()
    def shout(text: str) -> str:
        return text.upper()

    with app.extensions["i18n"].force_locale("de"):
        await app.mail.send(app.mail.render_mail("mail/welcome", {"name": "Ada"}, subject="Welcome", to="ada@example.org"))
    assert outbox[0].text == "Willkommen, ADA 1.234,5"
