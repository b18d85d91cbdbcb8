"""Mail: messages with text, HTML and attachments, sent over SMTP, shown on the console, or kept in memory."""

from .addresses import Address, parse_address
from .attachment import Attachment
from .errors import InvalidMessage, MailError, MailNotSent
from .message import Message
from .plugin import Delivery, Mail, SyncMail, mail_of
from .settings import MailSettings
from .transports import ConsoleTransport, Envelope, MemoryTransport, Transport, captured_mail

__all__ = [
    "Address",
    "Attachment",
    "ConsoleTransport",
    "Delivery",
    "Envelope",
    "InvalidMessage",
    "Mail",
    "MailError",
    "MailNotSent",
    "MailSettings",
    "MemoryTransport",
    "Message",
    "SyncMail",
    "Transport",
    "captured_mail",
    "mail_of",
    "parse_address",
]
