"""All models by name, and the one `MetaData` with their tables."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from trine.errors import SetupError

from .errors import did_you_mean

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Registry:
    """Models by label, such as `shop.Book`: the package, without `.models`, and the class."""

    def __init__(self) -> None:
        self._begin()
        self._lock = threading.RLock()

    def _begin(self) -> None:
        self._models: dict[str, type[Any]] = {}
        self._metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)
        self.mappers = orm.registry(metadata=self._metadata)
        self.pending: list[Callable[[], None]] = []
        """What is left to do once every model is known: foreign keys first."""
        self.late: list[Callable[[], None]] = []
        """And then relations to many rows, and constraints."""

    @property
    def metadata(self) -> sa.MetaData:
        """The tables of all models, with their foreign keys: what migrations compare with a database."""
        self.configure()
        return self._metadata

    @property
    def tables(self) -> sa.MetaData:
        """The same, as far as it is known now."""
        return self._metadata

    def add(self, label: str, model: type[Any]) -> None:
        """Take a new model in."""
        known = self._models.get(label)
        if known is not None:
            raise SetupError(
                f"There are two models '{label}': in {known.__module__} and in {model.__module__}.",
                hint="Rename one, or give its Meta a package of its own: package = 'other'.",
            )
        self._models[label] = model

    def __iter__(self) -> Iterator[type[Any]]:
        """Every model that has a table, in the order of their declaration."""
        return iter(self._models.values())

    def __len__(self) -> int:
        return len(self._models)

    def __contains__(self, label: object) -> bool:
        return label in self._models

    def __getitem__(self, label: str) -> type[Any]:
        """The model of a label; its name alone is enough where only one model has it."""
        found = self.find(label)
        if found is None:
            raise SetupError(f"There is no model '{label}'.", hint=did_you_mean(label, self._models))
        return found

    def find(self, label: str, package: str = "") -> type[Any] | None:
        """The model of a label or of a name, looked for in a package first; None where there is none, or several."""
        if label in self._models:
            return self._models[label]
        if f"{package}.{label}" in self._models:
            return self._models[f"{package}.{label}"]
        named = [model for name, model in self._models.items() if name.rpartition(".")[2] == label]
        return named[0] if len(named) == 1 else None

    def configure(self) -> None:
        """Settle every relation. Raises one `SetupError` for all that name no model. Cheap where nothing is new."""
        if self.pending or self.late:
            with self._lock:
                if self.pending or self.late:
                    orm.configure_mappers()

    def settle(self) -> None:
        """Do what was left to do. SQLAlchemy asks for it before it configures its mappers."""
        problems: list[SetupError] = []
        with self._lock:
            self.pending = _settled(self.pending, problems)
            if not problems:
                self.late = _settled(self.late, problems)
        if problems:
            raise SetupError.together(problems, "the models")

    @contextmanager
    def isolated(self) -> Iterator["Registry"]:
        """Begin without any model, and forget afterwards what was declared inside: for tests that declare their own."""
        # SQLAlchemy configures every mapper there is: those outside must be settled before, or they never are.
        self.configure()
        kept = dict(self.__dict__)
        self._begin()
        try:
            yield self
        finally:
            self.mappers.dispose()
            self.__dict__.update(kept)


def _settled(steps: list[Callable[[], None]], problems: list[SetupError]) -> list[Callable[[], None]]:
    """Take the steps, and give those that failed."""
    left = []
    for step in steps:
        try:
            step()
        except SetupError as problem:
            problems.append(problem)
            left.append(step)
    return left


registry = Registry()
"""The registry that every model is in."""
