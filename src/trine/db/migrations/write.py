"""The files that are generated: plain Python that one reads like a list of what happens."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .code import Code, literal, value_code
from .files import Migration
from .operations import (
    NOT_GIVEN,
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterKey,
    CreateExtension,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    RunSQL,
)
from .specs import ColumnSpec, ConstraintSpec, IndexSpec, TableSpec

_WIDTH = 120
_LONGEST_SLUG = 40
_DESCRIBED = {
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterKey,
    CreateExtension,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    RenameColumn,
    RenameTable,
}


def slug_of(operations: Sequence[Operation]) -> str:
    """A name for a migration after what it does."""
    if not operations:
        return "empty"
    if all(isinstance(operation, CreateTable) for operation in operations) and len(operations) > 2:
        return "tables"
    slugs = list(dict.fromkeys(operation.slug for operation in operations))
    name = re.sub(r"\W+", "_", "_".join(slugs[:2])).strip("_").lower()
    if len(name) > _LONGEST_SLUG:
        name = re.sub(r"\W+", "_", slugs[0]).strip("_").lower()[:_LONGEST_SLUG].strip("_")
    return name if len(slugs) <= 2 else f"{name[: _LONGEST_SLUG - 9].strip('_')}_and_more"


def source_of(migration: Migration) -> str:
    """The text of a migration's file."""
    writer = _Writer()
    kept = migration.kept
    operations = [kept[step].text if step in kept else writer.operation(step) for step in migration.operations]
    used = {type(step).__name__ for step in migration.operations if step not in kept}
    for line in dict.fromkeys(line for step in kept.values() for line in step.imports):
        module, _, name = line.rpartition(" import ")
        if module == "from trine.db.migrations" and " as " not in name:
            used.add(name)
        else:
            writer.imports.add(line)
    lines = [f'"""{migration.doc or sentence_of(migration.operations)}"""', ""]
    body = "".join(f"    {_indented(text)},\n" for text in operations)
    if "sa." in body:
        writer.imports.add("import sqlalchemy as sa")
    lines += sorted(line for line in writer.imports if not line.startswith("from trine.db.types"))
    if len(lines) > 2:
        lines.append("")
    if used:
        lines += _import("trine.db.migrations", sorted(used))
    own = sorted(line.rpartition(" ")[2] for line in writer.imports if line.startswith("from trine.db.types"))
    if own:
        lines += _import("trine.db.types", own)
    if lines[-1]:
        lines.append("")
    if migration.replaces:
        lines += [f"replaces = {literal(migration.replaces)}", ""]
    lines += [f"dependencies = {literal(migration.dependencies)}", ""]
    if not migration.atomic:
        lines += ["atomic = False", ""]
    definitions = dict.fromkeys(text for step in kept.values() for text in step.definitions)
    if definitions:
        lines += ["", "\n\n\n".join(definitions), "", ""]
    lines.append(f"operations = [\n{body}]" if body else "operations = []")
    return "\n".join(lines) + "\n"


def is_own(operation: Operation) -> bool:
    """Whether it does what only its own file can say: SQL, Python, and kinds of steps that a program has made."""
    return type(operation) not in _DESCRIBED


def sentence_of(operations: Sequence[Operation]) -> str:
    """A sentence about what a migration does."""
    if not operations:
        return "Nothing yet."
    said = [operation.describe() for operation in operations[:3]]
    said = [said[0], *(text[0].lower() + text[1:] for text in said[1:])]
    more = len(operations) - len(said)
    return ", ".join(said) + (f", and {more} more." if more else ".")


class _Writer:
    def __init__(self) -> None:
        self.imports: set[str] = set()

    def operation(self, operation: Operation) -> str:
        name = type(operation).__name__
        arguments = self._arguments(operation)
        one_line = f"{name}({', '.join(arguments)})"
        if len(one_line) <= _WIDTH - 5 and "\n" not in one_line and not isinstance(operation, CreateTable):
            return one_line
        return f"{name}(\n" + "".join(f"    {_indented(argument)},\n" for argument in arguments) + ")"

    def _arguments(self, operation: Operation) -> list[str]:  # noqa: C901, PLR0911 - one for each kind
        table = literal(operation.table)
        match operation:
            case CreateTable():
                return [table, *self._table(operation.spec)]
            case DropTable():
                return [table]
            case RenameTable() | RenameColumn():
                column = [literal(operation.column)] if isinstance(operation, RenameColumn) else []
                return [table, *column, literal(operation.to)]
            case AddColumn():
                new = self._column(operation.column, operation.constraints, is_indexed=bool(operation.indexes))
                return [table, new, *self._fill(operation.fill)]
            case AlterColumn():
                using = [f"using={literal(operation.using)}"] if operation.using else []
                return [table, self._column(operation.column), *self._fill(operation.fill), *using]
            case AlterKey():
                return [table, *map(literal, operation.columns), *(["counted=True"] if operation.counted else [])]
            case DropColumn():
                return [table, literal(operation.column)]
            case CreateIndex():
                return [table, *self._index(operation.index), *(["concurrently=True"] if operation.concurrently else [])]
            case AddConstraint():
                return [table, self._constraint(operation.constraint)]
            case DropConstraint() | DropIndex():
                return [table, literal(operation.name)]
            case CreateExtension():
                elsewhere = [] if operation.database == "default" else [f"database={literal(operation.database)}"]
                return [literal(operation.name), *elsewhere]
            case RunSQL():
                back = [] if operation.backwards is NOT_GIVEN else [literal(operation.backwards)]
                return [literal(operation.sql), *back, *([f"only={literal(operation.only)}"] if operation.only else [])]
        raise TypeError(f"{operation.describe()} cannot be written down.")

    def _table(self, spec: TableSpec) -> Iterable[str]:
        inline: list[ConstraintSpec] = []
        for column in spec.columns:
            own = [key for key in spec.constraints if _is_inline(key, column.name, spec.name)]
            inline += own
            yield self._column(column, own)
        yield from (self._constraint(constraint) for constraint in spec.constraints if constraint not in inline)
        for index in spec.indexes:
            name, parts, *options = self._index(index)
            inner = parts[1:-1]
            yield f"sa.Index({', '.join([name, *([inner] if inner else []), *options])})"
        if spec.database != "default":
            yield f"database={literal(spec.database)}"
        if spec.comment:
            yield f"comment={literal(spec.comment)}"

    def _column(self, column: ColumnSpec, keys: Iterable[ConstraintSpec] = (), *, is_indexed: bool = False) -> str:
        parts = [literal(column.name), self._code(column.type_code)]
        for key in keys:
            said = [literal(f"{key.target}.{key.target_columns[0]}"), f"name={literal(key.name)}"]
            said += [
                f"{name}={literal(value)}" for name, value in (("ondelete", key.on_delete), ("onupdate", key.on_update)) if value
            ]
            parts.append(f"sa.ForeignKey({', '.join(said)})")
        if column.counted:
            parts.append("sa.Identity()")
        if column.computed is not None:
            parts.append(f"sa.Computed({literal(column.computed)}, persisted=True)")
        if column.primary_key:
            parts += ["primary_key=True", f"autoincrement={column.counted}"]
        elif not column.nullable:
            parts.append("nullable=False")
        if is_indexed:
            parts.append("index=True")
        if column.default is not None:
            parts.append(f"server_default={self._code(column.default)}")
        if column.comment:
            parts.append(f"comment={literal(column.comment)}")
        return f"sa.Column({', '.join(parts)})"

    def _constraint(self, constraint: ConstraintSpec) -> str:
        said = [f"name={literal(constraint.name)}"]
        said += [
            f"{name}={literal(value)}"
            for name, value in (
                ("ondelete", constraint.on_delete),
                ("onupdate", constraint.on_update),
                ("deferrable", constraint.deferrable),
                ("initially", constraint.initially),
            )
            if value is not None
        ]
        said += [f"{key}={self._code(value_code(value))}" for key, value in constraint.options]
        if constraint.kind == "check":
            return f"sa.CheckConstraint({', '.join([literal(constraint.text), *said])})"
        if constraint.kind == "unique":
            return f"sa.UniqueConstraint({', '.join([*map(literal, constraint.columns), *said])})"
        targets = [f"{constraint.target}.{column}" for column in constraint.target_columns]
        return f"sa.ForeignKeyConstraint({', '.join([literal(list(constraint.columns)), literal(targets), *said])})"

    def _index(self, index: IndexSpec) -> list[str]:
        parts = [f"sa.text({literal(part[1:-1])})" if part.startswith("(") else literal(part) for part in index.parts]
        options = ["unique=True"] if index.unique else []
        options += [f"{key}={self._code(value_code(value))}" for key, value in index.options]
        return [literal(index.name), f"[{', '.join(parts)}]", *options]

    def _fill(self, value: Any) -> list[str]:
        if value is NOT_GIVEN:
            return []
        text = getattr(value, "text", None)
        return [f"fill=sa.text({literal(text)})" if text is not None else f"fill={literal(value)}"]

    def _code(self, code: Code) -> str:
        self.imports |= code.imports
        return code.text


def _is_inline(key: ConstraintSpec, column: str, table: str) -> bool:
    """Whether a foreign key can stand in its column: one column, and nothing that ForeignKey would write otherwise."""
    return key.kind == "foreign_key" and key.columns == (column,) and key.deferrable is None and not key.options


def _import(module: str, names: Sequence[str]) -> list[str]:
    line = f"from {module} import {', '.join(names)}"
    return [line] if len(line) <= _WIDTH else [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
