"""The battery: `mail = Mail()`, then `app.install(mail)`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Unpack

from trine.concurrency import run_on_loop
from trine.errors import SetupError
from trine.settings import Problem, Settings, is_loopback
from trine.types import MailOptions

from .addresses import parse_address
from .errors import InvalidMessage, MailError
from .message import Addresses, Message
from .settings import MailSettings
from .templates import Composer
from .transports import ConsoleTransport, Envelope, MemoryTransport, Transport, capturing

if TYPE_CHECKING:
    from trine.app import App


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: its id, the recipients that the server refused, and why nobody got it, where nobody did."""

    message: Message
    message_id: str
    refused: Mapping[str, str] = field(default_factory=dict)
    error: MailError | None = None


class Mail:
    """Sends messages: over SMTP, to the console in development, into memory in tests.

    Without `settings` they are the application's, `TRINE_MAIL_HOST` first of all. `transport` is another way to send, such as a
    service's own API. Connections are kept while the application runs; in a script each call has one of its own.
    """

    def __init__(
        self,
        settings: MailSettings | None = None,
        *,
        transport: Transport | None = None,
        template_folder: str | PathLike[str] | None = None,
    ) -> None:
        self._settings = settings
        self._given_transport = transport
        self._app: App | None = None
        self._transport: Transport | None = None
        self._running: asyncio.AbstractEventLoop | None = None
        self._composer = Composer(template_folder)
        self.sync = SyncMail(self)

    def setup(self, app: "App") -> None:
        """Attach to an application: its settings count, and its end closes the connections."""
        self._app = app
        self._composer.app = app
        app.on_event("startup")(self._start)
        app.on_event("shutdown")(self.aclose)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Find what loses mail in production, or sends it in the clear."""
        mail = self.settings
        if self._given_transport is not None:
            return []
        if self._backend() != "smtp":
            message = f"Mail goes to {mail.backend or 'nobody'}: there is no SMTP server."
            return [Problem("no-mail-server", message, "Set TRINE_MAIL_HOST, TRINE_MAIL_USERNAME and TRINE_MAIL_PASSWORD.")]
        problems = []
        if not mail.sender:
            hint = "Set it to an address that the server accepts, such as 'Shop <hello@example.org>'."
            problems.append(Problem("no-mail-sender", "TRINE_MAIL_SENDER is not set.", hint))
        if mail.security == "none" and not is_loopback(mail.host):
            said = " and its password" if mail.password.get_secret_value() else ""
            message = f"TRINE_MAIL_SECURITY is none: mail{said} travels to {mail.host} in the clear."
            hint = "Use starttls (port 587) or tls (port 465)."
            problems.append(Problem("plain-mail", message, hint, acceptable=not said))
        return problems

    @property
    def settings(self) -> MailSettings:
        """What was given, or the application's settings."""
        if self._settings is None:
            self._settings = MailSettings.load() if self._app is None else self._app.settings.part(MailSettings)
        return self._settings

    async def send(self, message: Message) -> Delivery:
        """Send a message. Raises `MailNotSent` where no recipient gets it."""
        (delivery,) = await self.send_many([message])
        if delivery.error is not None:
            raise delivery.error
        return delivery

    async def send_many(self, messages: Iterable[Message]) -> list[Delivery]:
        """Send messages over one connection. Each has its answer, with the error of one that was not sent."""
        envelopes = [self._envelope(message) for message in messages]
        if not envelopes:
            return []
        transport = capturing() or self._transport_here()
        try:
            answers = await transport.send(envelopes)
        finally:
            if self._running is not asyncio.get_running_loop():
                await transport.aclose()
        return [_delivery(envelope, answer) for envelope, answer in zip(envelopes, answers, strict=True)]

    async def send_mail(
        self, subject: str, to: Addresses, text: str = "", html: str = "", **options: Unpack[MailOptions]
    ) -> Delivery:
        """Make a message and send it."""
        return await self.send(Message(subject, to, text, html, **options))

    def render_mail(
        self,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        subject: str,
        to: Addresses,
        **options: Unpack[MailOptions],
    ) -> Message:
        """Make a message from templates: `mail/welcome` is `mail/welcome.txt` and `mail/welcome.html`, of which one is enough."""
        text, html = self._composer.render(template, values or {})
        return Message(subject, to, text, html, **options)

    async def aclose(self) -> None:
        """Close the connections. What is sent later opens new ones."""
        self._running = None
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    def _start(self) -> None:
        # A mistake in the settings stops the start; a server that is away does not.
        self._running = asyncio.get_running_loop()
        if self.settings.sender:
            _check_sender(self.settings.sender)

    def _backend(self) -> str:
        mail = self.settings
        return mail.backend or ("smtp" if mail.host else "")

    def _transport_here(self) -> Transport:
        if self._given_transport is not None:
            return self._given_transport
        backend = self._backend()
        if backend == "smtp":
            from .smtp import SMTPTransport

            kept = self._transport
            if not isinstance(kept, SMTPTransport) or kept.loop is not asyncio.get_running_loop():
                kept = self._transport = SMTPTransport(self.settings)
            return kept
        if self._transport is None:
            self._transport = self._serverless(backend)
        return self._transport

    def _serverless(self, backend: str) -> Transport:
        if backend == "memory":
            return MemoryTransport()
        if backend == "console" or (self._app is not None and self._app.settings.is_development):
            return ConsoleTransport()
        hint = "Set TRINE_MAIL_HOST, or TRINE_MAIL_BACKEND=console to read mail on the console."
        raise SetupError("There is no SMTP server to send mail through.", hint=hint)

    def _envelope(self, message: Message) -> Envelope:
        sender = message.sender or self.settings.sender
        if not sender:
            raise InvalidMessage(f"The message '{message.subject}' has no sender. Give it one, or set TRINE_MAIL_SENDER.")
        address = parse_address(sender)
        return Envelope(replace(message, sender=address), address, message.mime(address))


class SyncMail:
    """Mail for plain functions: the same verbs, which wait."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    def send(self, message: Message) -> Delivery:
        """Send a message. Raises `MailNotSent` where no recipient gets it."""
        return run_on_loop(self._mail.send, message)

    def send_many(self, messages: Iterable[Message]) -> list[Delivery]:
        """Send messages over one connection. Each has its answer."""
        return run_on_loop(self._mail.send_many, messages)

    def send_mail(self, subject: str, to: Addresses, text: str = "", html: str = "", **options: Unpack[MailOptions]) -> Delivery:
        """Make a message and send it."""
        return self.send(Message(subject, to, text, html, **options))


def mail_of(app: "App", batteries: Iterable[object]) -> Mail:
    """The mail of an application, installed where none is."""
    for battery in batteries:
        if isinstance(battery, Mail):
            return battery
    mail = Mail()
    app.install(mail)
    return mail


def _delivery(envelope: Envelope, answer: Mapping[str, str] | Exception) -> Delivery:
    if isinstance(answer, MailError):
        refused = getattr(answer, "refused", {})
        return Delivery(envelope.message, envelope.message_id, refused, answer)
    if isinstance(answer, Exception):
        raise answer
    return Delivery(envelope.message, envelope.message_id, answer)


def _check_sender(sender: str) -> None:
    try:
        parse_address(sender)
    except InvalidMessage as error:
        raise SetupError(f"TRINE_MAIL_SENDER: {error}", hint="Write it as 'Shop <hello@example.org>'.") from None
