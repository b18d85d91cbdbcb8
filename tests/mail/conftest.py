"""A real SMTP server on a free port, with TLS and a login where a test asks for them."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from trine.mail import MailSettings


@dataclass
class PostOffice:
    """What a server took, and how it behaves."""

    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    connections: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    hang_up: bool = False
    tls: list[bool] = field(default_factory=list)
    settings: MailSettings = field(default_factory=MailSettings)
    transports: list[asyncio.Transport] = field(default_factory=list)
    sockets: list[asyncio.trsock.TransportSocket] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.hang_up:
            server.transport.close()
            return "421 Good-bye"
        if self.answer.startswith("250"):
            self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients.append(envelope.rcpt_tos)
            self.tls.append(server.transport.get_extra_info("sslcontext") is not None)
        return self.answer


class Counted(SMTP):
    """Counts who connects, and remembers the connections."""

    def connection_made(self, transport):
        if self._original_transport is None:
            self.event_handler.connections += 1
        self.event_handler.transports.append(transport)
        self.event_handler.sockets.append(transport.get_extra_info("socket"))
        super().connection_made(transport)


class Office(Controller):
    """The server's thread."""

    def __init__(self, office: PostOffice, **options) -> None:
        self.options = options
        super().__init__(office, hostname="127.0.0.1", port=0, ssl_context=options.pop("implicit", None))

    def factory(self):
        return Counted(self.handler, enable_SMTPUTF8=True, **self.options)

    def stop(self, no_assert: bool = False) -> None:
        # A loop that ends with open connections leaves their sockets to the collector, which blames whatever test runs then.
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for transport in self.handler.transports:
            transport.abort()
        while any(each.fileno() != -1 for each in self.handler.sockets):
            await asyncio.sleep(0)

    def _trigger_server(self) -> None:
        # The port was chosen by the system.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


def only_ada(server, session, envelope, mechanism, data: LoginPassword) -> AuthResult:
    # The server answers, where it was not handled here.
    return AuthResult(success=(data.login, data.password) == (b"ada", b"correct horse"), handled=False)


@pytest.fixture
def post_office(authority, tmp_path) -> Iterator[Callable[..., PostOffice]]:
    """Open a server: `post_office(security="starttls", login=True)`. Its `settings` reach it."""
    with ExitStack() as opened:

        def open_office(*, security: str = "none", login: bool = False, **settings) -> PostOffice:
            office = PostOffice()
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            options: dict = {}
            if security == "starttls":
                options = {"tls_context": context, "require_starttls": True}
            elif security == "tls":
                options = {"implicit": context}
            if login:
                required = {"auth_required": True, "auth_require_tls": security == "starttls", "authenticator": only_ada}
                options |= required
            controller = Office(office, **options)
            controller.start()
            opened.callback(controller.stop)
            # The controller looks whether its server answers.
            office.connections = 0
            ca_file = tmp_path / "ca.pem"
            authority.cert_pem.write_to_path(str(ca_file))
            said = {"host": "127.0.0.1", "port": controller.port, "security": security, "sender": "Shop <hello@example.org>"}
            if security != "none":
                said["ca_file"] = ca_file
            office.settings = MailSettings(**{**said, "timeout": 5, **settings})
            return office

        yield open_office
