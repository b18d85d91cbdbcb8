"""What a migration does, one step each."""

from .base import NOT_GIVEN, Irreversible, Operation
from .columns import AddColumn, AlterColumn, DropColumn, RenameColumn, python_type
from .constraints import AddConstraint, DropConstraint
from .indexes import CreateIndex, DropIndex
from .keys import AlterKey
from .own import CreateExtension, DataMigration, Historical, RunPython, RunSQL
from .tables import CreateTable, DropTable, RenameTable

__all__ = [
    "NOT_GIVEN",
    "AddColumn",
    "AddConstraint",
    "AlterColumn",
    "AlterKey",
    "CreateExtension",
    "CreateIndex",
    "CreateTable",
    "DataMigration",
    "DropColumn",
    "DropConstraint",
    "DropIndex",
    "DropTable",
    "Historical",
    "Irreversible",
    "Operation",
    "RenameColumn",
    "RenameTable",
    "RunPython",
    "RunSQL",
    "python_type",
]
