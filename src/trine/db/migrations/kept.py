"""Steps that only their file can say: SQL and Python of your own, kept as they are written there, with what they name."""

import ast
from collections.abc import Iterable, Iterator
from typing import TypeVar

from trine.errors import SetupError

from .files import Kept, Migration

N = TypeVar("N", bound=ast.AST)


class Sources:
    """Reads steps of several files for one that holds them all.

    Where two files call different things the same, those of the later one get the number of its file behind their names.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def keep(self, migration: Migration, numbers: Iterable[int]) -> dict[int, Kept]:
        """Some steps of a migration, by their place in its list. Raises `SetupError` where they cannot be told apart."""
        text = "" if migration.path is None else migration.path.read_text(encoding="utf-8")
        file = _File(text, migration)
        return {number: self._keep(file, number) for number in numbers}

    def _keep(self, file: "_File", number: int) -> Kept:
        step = file.steps[number]
        needed = file.needed_by(step)
        new_names = self._new_names(file, needed)
        imports, definitions = [], []
        for name, statement in needed.items():
            if isinstance(statement, ast.Import | ast.ImportFrom):
                imports.append(_import_of(name, statement, new_names.get(name)))
            else:
                definitions.append((statement.lineno, file.renamed(statement, new_names)))
        own = tuple(text for _, text in sorted(set(definitions)))
        return Kept(file.renamed(step, new_names), tuple(imports), own)

    def _new_names(self, file: "_File", needed: dict[str, ast.stmt]) -> dict[str, str]:
        other = {name for name in needed if self._known.setdefault(name, file.meaning_of(name)) != file.meaning_of(name)}
        # A function of the same text is another one, where it calls something that is another one.
        while more := {name for name in needed.keys() - other if other.intersection(file.needed_by(needed[name]))}:
            other |= more
        return {name: f"{name}_{file.migration.number:04d}" for name in other}


class _File:
    """A migration's file, taken apart."""

    def __init__(self, text: str, migration: Migration) -> None:
        self.migration = migration
        self._lines = text.splitlines(keepends=True)
        self._statements: dict[str, ast.stmt] = {}
        self.steps: list[ast.expr] = []
        for statement in ast.parse(text).body:
            for name in _names_given_by(statement):
                self._statements[name] = statement
            if "operations" in _names_given_by(statement):
                value = getattr(statement, "value", None)
                self.steps = value.elts if isinstance(value, ast.List) else []
        if len(self.steps) != len(migration.operations):
            raise SetupError(
                f"The steps of the migration {migration.label} do not stand in its list one by one, so they cannot be kept.",
                where=str(migration.path or ""),
                hint="Write operations = [RunPython(...), ...], or squash up to the migration before.",
            )

    def needed_by(self, step: ast.AST) -> dict[str, ast.stmt]:
        """What a step names, and what that names: statements of the file by the names that they give."""
        needed: dict[str, ast.stmt] = {}
        waiting: list[ast.AST] = [step]
        while waiting:
            for name in sorted(node.id for node in _nodes(waiting.pop(), ast.Name)):
                statement = self._statements.get(name)
                if statement is not None and name not in needed:
                    needed[name] = statement
                    if not isinstance(statement, ast.Import | ast.ImportFrom):
                        waiting.append(statement)
        return needed

    def meaning_of(self, name: str) -> str:
        """How it is defined; of an import, the part that gives it."""
        statement = self._statements[name]
        if isinstance(statement, ast.Import | ast.ImportFrom):
            return _import_of(name, statement, None)
        return self.renamed(statement, {})

    def renamed(self, node: ast.AST, new_names: dict[str, str]) -> str:
        """How it is written, with other names for some things."""
        places = list(self._places_of(node, new_names))
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])  # type: ignore[attr-defined] # statements and expressions have places
        lines = [line.encode() for line in self._lines]  # columns of ast count bytes
        for line, column, old in sorted(places, reverse=True):
            text = lines[line - 1]
            lines[line - 1] = text[:column] + new_names[old].encode() + text[column + len(old.encode()) :]
        wanted = lines[first - 1 : node.end_lineno]  # type: ignore[attr-defined] # the same
        if isinstance(node, ast.expr):
            grown = sum(len(new_names[old]) - len(old) for line, _, old in places if line == node.end_lineno)
            wanted[-1] = wanted[-1][: (node.end_col_offset or 0) + grown]
            wanted[0] = wanted[0][node.col_offset :]
            return _dedented(b"".join(wanted).decode(), node.col_offset)
        return b"".join(wanted).decode().rstrip()

    def _places_of(self, node: ast.AST, names: dict[str, str]) -> Iterator[tuple[int, int, str]]:
        for argument in _nodes(node, ast.arg):
            if argument.arg in names:
                raise SetupError(
                    f"'{argument.arg}' in the migration {self.migration.label} is also something else in another one.",
                    where=str(self.migration.path),
                    hint="Rename it in one of them, and squash again.",
                )
        for name in _nodes(node, ast.Name):
            if name.id in names:
                yield name.lineno, name.col_offset, name.id
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in names:
            head = self._lines[node.lineno - 1].encode()
            word = b"class " if isinstance(node, ast.ClassDef) else b"def "
            yield node.lineno, head.index(node.name.encode(), head.index(word) + len(word)), node.name


def _nodes(tree: ast.AST, kind: type[N]) -> Iterator[N]:
    return (node for node in ast.walk(tree) if isinstance(node, kind))


def _names_given_by(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        case ast.Assign() | ast.AnnAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (name.id for target in targets for name in _nodes(target, ast.Name))


def _import_of(name: str, statement: ast.Import | ast.ImportFrom, new_name: str | None) -> str:
    """The line that imports one name alone."""
    alias = next(item for item in statement.names if (item.asname or item.name).partition(".")[0] == name)
    called = new_name or alias.asname
    behind = f" as {called}" if called and called != alias.name else ""
    if isinstance(statement, ast.ImportFrom):
        return f"from {'.' * statement.level}{statement.module or ''} import {alias.name}{behind}"
    return f"import {alias.name}{behind}"


def _dedented(text: str, column: int) -> str:
    """Text whose first line stood behind `column` characters, without them on every line where they are blank."""
    first, *others = text.split("\n")
    return "\n".join([first, *(line[column:] if not line[:column].strip() else line for line in others)])
