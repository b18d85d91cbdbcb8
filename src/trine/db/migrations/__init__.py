"""Migrations: how a database gets from one version of the models to the next, and back."""

from .operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Historical,
    Irreversible,
    Operation,
    RenameColumn,
    RenameTable,
    RunPython,
    RunSQL,
)

__all__ = [
    "AddColumn",
    "AddConstraint",
    "AlterColumn",
    "CreateIndex",
    "CreateTable",
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
]
