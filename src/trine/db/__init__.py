"""Data: models, queries and transactions, natively async, on SQLAlchemy's tables and mappers."""

from .constraints import CheckConstraint, Index, UniqueConstraint
from .crud import CRUD
from .database import Database, databases, find_database
from .errors import (
    Conflict,
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
from .functions import Avg, Count, Max, Min, Sum
from .history import Change, History, changed_by
from .mixins import SoftDelete, SoftDeleteQuerySet, Timestamped
from .model import Model
from .prefetch import Prefetch
from .querysets import Manager, QuerySet
from .registry import registry
from .related import Many
from .rows import Rows
from .schemas import ModelSchema
from .settings import DatabaseSettings
from .signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from .stores import SQLStore
from .transaction import atomic, on_commit
from .validation import InvalidInstance

__all__ = [
    "CRUD",
    "Avg",
    "Case",
    "Change",
    "CheckConstraint",
    "Conflict",
    "Count",
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
    "History",
    "Index",
    "IntegrityError",
    "InvalidInstance",
    "InvalidValue",
    "Manager",
    "Many",
    "Max",
    "Min",
    "Model",
    "ModelSchema",
    "MultipleObjectsReturned",
    "NotLoaded",
    "NotSupported",
    "OuterRef",
    "Prefetch",
    "Q",
    "QuerySet",
    "Rows",
    "SQLStore",
    "SerializationFailure",
    "SoftDelete",
    "SoftDeleteQuerySet",
    "Subquery",
    "Sum",
    "SyncCallRefused",
    "Timestamped",
    "TransactionError",
    "UniqueConstraint",
    "Value",
    "When",
    "Window",
    "atomic",
    "changed_by",
    "databases",
    "field",
    "find_database",
    "m2m_changed",
    "many",
    "on_commit",
    "post_delete",
    "post_save",
    "pre_delete",
    "pre_save",
    "registry",
    "reverse",
]
