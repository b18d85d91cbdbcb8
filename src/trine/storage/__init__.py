"""Storage: files by name, on a disk, in memory or in a bucket, private unless a link says otherwise."""

from .failures import StorageError
from .info import FileInfo, StoredFile
from .names import checked_name, safe_filename
from .plugin import Storages, get_storage
from .settings import StorageOptions, StorageSettings
from .storage import Storage
from .sync import SyncStorage
from .uploads import DirectUpload

__all__ = [
    "DirectUpload",
    "FileInfo",
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
