"""Data: models, queries and transactions, natively async, on SQLAlchemy's tables and mappers."""

from .constraints import CheckConstraint, Index, UniqueConstraint
from .database import Database, databases, find_database
from .errors import (
    DatabaseError,
    DatabaseUnavailable,
    DoesNotExist,
    FieldError,
    IntegrityError,
    InvalidValue,
    MultipleObjectsReturned,
    NotLoaded,
    NotSupported,
    SerializationFailure,
    SyncCallRefused,
    TransactionError,
)
from .expressions import Case, Exists, Expression, F, OuterRef, Q, Subquery, Value, When, Window
from .fields import Field, field, many, reverse
from .model import Model
from .prefetch import Prefetch
from .registry import registry
from .related import Many
from .rows import Manager, QuerySet, Rows
from .settings import DatabaseSettings
from .transaction import atomic, on_commit

__all__ = [
    "Case",
    "CheckConstraint",
    "Database",
    "DatabaseError",
    "DatabaseSettings",
    "DatabaseUnavailable",
    "DoesNotExist",
    "Exists",
    "Expression",
    "F",
    "Field",
    "FieldError",
    "Index",
    "IntegrityError",
    "InvalidValue",
    "Manager",
    "Many",
    "Model",
    "MultipleObjectsReturned",
    "NotLoaded",
    "NotSupported",
    "OuterRef",
    "Prefetch",
    "Q",
    "QuerySet",
    "Rows",
    "SerializationFailure",
    "Subquery",
    "SyncCallRefused",
    "TransactionError",
    "UniqueConstraint",
    "Value",
    "When",
    "Window",
    "atomic",
    "databases",
    "field",
    "find_database",
    "many",
    "on_commit",
    "registry",
    "reverse",
]
