"""What may go wrong with a database, in words that say what to do.

DatabaseError
├── DoesNotExist                a row was asked for, and there is none
├── MultipleObjectsReturned     a row was asked for, and there are several
├── FieldError                  a lookup names no field, or asks what cannot be asked of it
├── NotLoaded                   a relation or field that the query did not read
├── NotSupported                a database that cannot do what was asked
├── TransactionError            a transaction that is used wrongly, or is broken
│   └── SerializationFailure    it collided with another one, and may be tried again
├── IntegrityError              a row that a constraint refuses
│   └── Conflict                409: one that is there already, or that refers to nothing, or is referred to
├── InvalidValue                400: a value that no column of its type can hold
├── DatabaseUnavailable         503: the database cannot be reached, or the connection broke
└── SyncCallRefused             a synchronous call on the event loop
"""

import difflib
from collections.abc import Iterable

from trine.errors import HTTPException, TrineError


class DatabaseError(TrineError):
    """The root of what goes wrong with a database."""


class DoesNotExist(DatabaseError, LookupError):
    """There is no row that fits. Every model has its own: `except Article.DoesNotExist`."""


class MultipleObjectsReturned(DatabaseError, LookupError):
    """More than one row fits, and one was asked for. Every model has its own."""


class FieldError(DatabaseError, ValueError):
    """A lookup names no field, or asks something that cannot be asked of it."""


class NotLoaded(DatabaseError, AttributeError):
    """A relation or a field that the query did not read. The message names what would have read it."""


class NotSupported(DatabaseError):
    """The database in use cannot do what was asked."""


class TransactionError(DatabaseError):
    """A transaction that is used wrongly, or that an earlier error has broken."""


class SerializationFailure(TransactionError):
    """A transaction that collided with another one. `@atomic(retries=3)` tries again by itself."""


class IntegrityError(DatabaseError):
    """A row that a constraint of the database refuses: unique, foreign key, check or not null."""

    def __init__(self, message: str, *, constraint: str | None = None) -> None:
        super().__init__(message)
        self.constraint = constraint
        """The constraint's name, where the database tells it."""


class Conflict(IntegrityError, HTTPException):
    """A row that clashes with others: what must be unique is there, or a foreign key leads nowhere. A client gets a 409."""

    def __init__(self, message: str, *, constraint: str | None = None) -> None:
        self.message = message
        self.constraint = constraint
        # What the database says stays here: it names tables and values.
        HTTPException.__init__(self, 409, "This conflicts with what is there already, or refers to what is not.")

    def __str__(self) -> str:
        return self.message


class InvalidValue(DatabaseError, HTTPException):
    """A value that no column of its type can hold, such as a number of 30 digits. A client that sent it gets a 400."""

    def __init__(self, message: str) -> None:
        HTTPException.__init__(self, 400, message)


class DatabaseUnavailable(DatabaseError, HTTPException):
    """The database cannot be reached, or a connection broke in the middle. A client gets a 503, and may come back."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        HTTPException.__init__(self, 503, "The database cannot be reached. Try again soon.", {"retry-after": "1"})

    def __str__(self) -> str:
        return f"The database cannot be reached: {self.reason}" if self.reason else super().__str__()


class SyncCallRefused(DatabaseError, RuntimeError):
    """A synchronous database call on the event loop, which would stand still meanwhile."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence that names what was probably meant, else everything that there is."""
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"There are {', '.join(known)}." if known else ""
