"""Mail over SMTP: connections that are kept for the next message, with TLS and a login."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from trine.errors import SetupError

from .errors import MailNotSent
from .settings import MailSettings
from .transports import Envelope

try:
    import aiosmtplib
except ImportError as error:
    raise SetupError("Mail over SMTP needs aiosmtplib.", hint='Install it with: pip install "trine[mail]"') from error

# A server may forget who has been silent; RFC 5321 §4.5.3.2.7 asks it to wait for five minutes.
_KEPT_SECONDS = 60.0


class SMTPTransport:
    """Sends over a few connections to one server. They belong to one event loop."""

    def __init__(self, settings: MailSettings) -> None:
        self.settings = settings
        self.loop = asyncio.get_running_loop()
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[tuple[aiosmtplib.SMTP, float]] = []

    async def send(self, envelopes: Sequence[Envelope]) -> Sequence[Mapping[str, str] | Exception]:
        """Send messages over one connection, each whatever became of the others."""
        answers: list[Mapping[str, str] | Exception] = []
        try:
            async with self._connection() as client:
                for envelope in envelopes:
                    answers.append(await _send_one(client, envelope))  # noqa: PERF401 - what was sent must be known after an error
        except (aiosmtplib.SMTPException, OSError) as error:
            # The connection is lost, and with it what was left to send.
            lost = self._not_sent(error)
            answers += [lost] * (len(envelopes) - len(answers))
        return answers

    async def aclose(self) -> None:
        """Say good-bye to the server."""
        idle, self._idle = self._idle, []
        for client, _ in idle:
            await _leave(client)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        async with self._places:
            client = await self._kept_connection() or await self._new_connection()
            try:
                yield client
            except BaseException:
                # Nobody knows what the server waits for now.
                _drop(client)
                raise
            self._idle.append((client, self.loop.time()))

    async def _kept_connection(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and self.loop.time() - since < _KEPT_SECONDS:
                try:
                    await client.rset()
                except (aiosmtplib.SMTPException, OSError):
                    _drop(client)
                else:
                    return client
            else:
                await _leave(client)
        return None

    async def _new_connection(self) -> aiosmtplib.SMTP:
        settings = self.settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.chosen_port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            timeout=settings.timeout,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else ssl.create_default_context(cafile=settings.ca_file),
        )
        try:
            await client.connect()
        except BaseException:
            # After a login or a handshake that failed, aiosmtplib leaves the connection open.
            _drop(client)
            raise
        return client

    def _not_sent(self, error: Exception) -> MailNotSent:
        where = f"{self.settings.host}:{self.settings.chosen_port}"
        if isinstance(error, ssl.SSLCertVerificationError):
            hint = "Name its authority in TRINE_MAIL_CA_FILE, if it is meant."
            return MailNotSent(
                f"The certificate of {where} is not to be trusted: {error.verify_message}. {hint}", is_temporary=False
            )
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return self._not_sent(cause)
        code = getattr(error, "code", 0)
        return MailNotSent(f"No mail was sent through {where}: {_text(error)}", is_temporary=not 500 <= code < 600)


async def _send_one(client: aiosmtplib.SMTP, envelope: Envelope) -> Mapping[str, str] | Exception:
    """Send one message. Raises where the connection is of no use any more."""
    recipients = envelope.message.recipients
    try:
        refused, _ = await client.send_message(envelope.mime, sender=envelope.sender.mailbox, recipients=recipients)
    except aiosmtplib.SMTPRecipientsRefused as error:
        reasons = {refusal.recipient: _text(refusal) for refusal in error.recipients}
        is_temporary = any(400 <= refusal.code < 500 for refusal in error.recipients)
        return MailNotSent(f"All recipients were refused: {reasons}.", is_temporary=is_temporary, refused=reasons)
    except aiosmtplib.SMTPServerDisconnected:
        raise
    except aiosmtplib.SMTPTimeoutError:
        raise
    except aiosmtplib.SMTPResponseException as error:
        await client.rset()
        return MailNotSent(f"The server refused the message: {_text(error)}", is_temporary=400 <= error.code < 500)
    except aiosmtplib.SMTPNotSupported as error:
        return MailNotSent(f"The server cannot take the message: {error}", is_temporary=False)
    return {recipient: f"{response.code} {response.message}" for recipient, response in refused.items()}


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say good-bye, and close the connection now: under TLS, a plain close waits for the server, if need be beyond the loop."""
    transport = client.transport
    try:
        await client.quit(timeout=2)
    except (aiosmtplib.SMTPException, OSError):
        client.close()
    finally:
        _abort(transport)


def _drop(client: aiosmtplib.SMTP) -> None:
    """Close a connection now, without a word: the server may be gone."""
    transport = client.transport
    client.close()
    _abort(transport)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()


def _text(error: Exception) -> str:
    """What the server said, or what became of the connection."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
