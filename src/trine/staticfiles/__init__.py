"""Files below a path: a directory of them, or a front end that a build tool wrote."""

from .directory import Directory, FoundFile
from .frontend import Frontend
from .static import StaticFiles

__all__ = ["Directory", "FoundFile", "Frontend", "StaticFiles"]
