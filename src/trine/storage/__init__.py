"""Storage: files by name, on a disk, in memory or in a bucket, private unless a link says otherwise."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .failures import StorageError
from .info import FileInfo, StoredFile
from .names import checked_name, safe_filename
from .plugin import Storages, get_storage
from .settings import StorageOptions, StorageSettings
from .storage import Storage
from .sync import SyncStorage
from .uploads import DirectUpload

if TYPE_CHECKING:
    from .fields import FileColumn as FileColumn
    from .fields import FileName as FileName

__all__ = [
    "DirectUpload",
    "FileColumn",
    "FileInfo",
    "FileName",
    "Storage",
    "StorageError",
    "StorageOptions",
    "StorageSettings",
    "Storages",
    "StoredFile",
    "SyncStorage",
    "checked_name",
    "get_storage",
    "safe_filename",
]


def __getattr__(name: str) -> Any:
    # Fields of models need SQLAlchemy, which files alone do not.
    if name not in ("FileColumn", "FileName"):
        raise AttributeError(f"module 'trine.storage' has no attribute '{name}'")
    try:
        value = getattr(import_module(".fields", __name__), name)
    except ModuleNotFoundError as error:
        if error.name != "sqlalchemy":
            raise
        raise ModuleNotFoundError(
            f'{name} needs sqlalchemy. Install it with: pip install "trine[db]"', name=error.name
        ) from error
    globals()[name] = value
    return value
