"""A message: what it says, to whom, and how it looks to a server."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid

from .addresses import Address, parse_address, parse_addresses
from .attachment import Attachment
from .errors import InvalidMessage

MOST_RECIPIENTS = 500
Addresses = str | Iterable[str]

_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CIDS = re.compile(r"""["'(]cid:([^"')\s]+)""")
# What the message says itself: a second line of these would be read in two ways.
_OWN_HEADERS = frozenset({"from", "sender", "to", "cc", "bcc", "subject", "reply-to", "date", "message-id", "mime-version"})


@dataclass(frozen=True, init=False)
class Message:
    """A mail to somebody, as text, as HTML, or both. Checked when it is made: `InvalidMessage` names what cannot be sent.

    Addresses are texts, `"ada@example.org"` or `"Ada Lovelace <ada@example.org>"`, one or several. Without a `sender` it is
    `TRINE_MAIL_SENDER`. `headers` are further ones, such as `List-Unsubscribe`.
    """

    subject: str
    to: tuple[Address, ...]
    text: str
    html: str
    sender: Address | None
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    attachments: tuple[Attachment, ...]
    headers: dict[str, str]

    def __init__(
        self,
        subject: str,
        to: Addresses = (),
        text: str = "",
        html: str = "",
        *,
        sender: str | None = None,
        cc: Addresses = (),
        bcc: Addresses = (),
        reply_to: Addresses = (),
        attachments: Iterable[Attachment] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        said = {
            "subject": subject,
            "to": parse_addresses(to),
            "text": text,
            "html": html,
            "sender": None if sender is None else parse_address(sender),
            "cc": parse_addresses(cc),
            "bcc": parse_addresses(bcc),
            "reply_to": parse_addresses(reply_to),
            "attachments": tuple(attachments),
            "headers": dict(headers or {}),
        }
        for name, value in said.items():
            object.__setattr__(self, name, value)
        self._check()

    @property
    def recipients(self) -> list[str]:
        """Every mailbox that gets it, each once."""
        return list(dict.fromkeys(address.mailbox for address in (*self.to, *self.cc, *self.bcc)))

    def mime(self, sender: Address) -> EmailMessage:
        """Write the message as servers and readers take it. Hidden recipients (`bcc`) are not in it."""
        message = EmailMessage(policy=SMTP)
        message["From"] = sender.header()
        for name, addresses in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            if addresses:
                message[name] = tuple(address.header() for address in addresses)
        message["Subject"] = self.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=sender.domain)
        for name, value in self.headers.items():
            message[name] = value
        self._write_body(message)
        return message

    def _write_body(self, message: EmailMessage) -> None:
        if self.text or not self.html:
            message.set_content(self.text)
        if self.html and self.text:
            message.add_alternative(self.html, subtype="html")
        elif self.html:
            message.set_content(self.html, subtype="html")
        html = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
        for attachment in self.attachments:
            kind, _, subtype = attachment.content_type.partition("/")
            if attachment.cid is None:
                message.add_attachment(attachment.data, maintype=kind, subtype=subtype, filename=attachment.name)
            elif isinstance(html, EmailMessage):
                cid, name = f"<{attachment.cid}>", attachment.name
                html.add_related(attachment.data, maintype=kind, subtype=subtype, cid=cid, filename=name, disposition="inline")

    def _check(self) -> None:
        _check_line("subject", self.subject)
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise InvalidMessage(f"{name!r} is no name for a header.")
            if name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
                raise InvalidMessage(f"The header '{name}' is the message's own: say it with the field of that name.")
            _check_line(f"header '{name}'", value)
        for name, words in (("text", self.text), ("html", self.html)):
            if _SURROGATE.search(words):
                raise InvalidMessage(f"The {name} of '{self.subject}' has half a character in it, which no encoding can say.")
        if not self.text and not self.html:
            raise InvalidMessage(f"The message '{self.subject}' says nothing: it has neither text nor html.")
        count = len(self.recipients)
        if not 0 < count <= MOST_RECIPIENTS:
            said = "nobody" if not count else f"{count} recipients, and a message may have {MOST_RECIPIENTS}"
            raise InvalidMessage(f"The message '{self.subject}' goes to {said}.")
        known = {attachment.cid for attachment in self.attachments if attachment.cid}
        missing = set(_CIDS.findall(self.html)) - known
        if missing:
            raise InvalidMessage(f"The HTML shows 'cid:{min(missing)}', and no attachment has this cid.")
        if known and not self.html:
            raise InvalidMessage(f"The attachment with cid='{min(known)}' is an image inside HTML, and there is no html.")


def _check_line(what: str, value: str) -> None:
    if _CONTROL.search(value):
        raise InvalidMessage(f"The {what} has a line break or another control character in it: {value[:60]!r}.")
