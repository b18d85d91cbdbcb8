"""What can go wrong with mail: a message that nobody could send, and one that a server did not take."""

from collections.abc import Mapping

from trine.errors import TrineError


class MailError(TrineError):
    """Mail that was not sent."""


class InvalidMessage(MailError, ValueError):
    """A message that no server should see: an address that is none, a line break in a header, nothing to read."""


class MailNotSent(MailError):
    """A server could not be reached, or did not take the message.

    `is_temporary` says whether another attempt may succeed; `refused` are recipients with the server's reason.
    """

    def __init__(self, message: str, *, is_temporary: bool, refused: Mapping[str, str] | None = None) -> None:
        self.is_temporary = is_temporary
        self.refused = dict(refused or {})
        super().__init__(message)
