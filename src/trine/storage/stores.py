"""From a URL to the store behind it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from trine.errors import SetupError

# What belongs to the connection rather than to the provider.
_CLIENT_OPTIONS = frozenset({"allow_http", "allow_invalid_certificates", "connect_timeout", "timeout", "proxy_url"})
_REMOTE = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
SigningStore = S3Store | GCSStore | AzureStore


def make_store(url: str, options: Mapping[str, str]) -> ObjectStore:
    """Open the store of a URL. A text without a scheme is a folder, which is made."""
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return MemoryStore()
    if scheme in ("", "file") or len(scheme) == 1:
        return LocalStore(_folder(url), mkdir=True)
    if scheme not in _REMOTE:
        raise SetupError(f"A storage has the URL '{url}'.", hint="There are folders, file://, memory://, s3://, gs:// and az://.")
    client: dict[str, Any] = {key: value for key, value in options.items() if key in _CLIENT_OPTIONS}
    config: Any = {key: value for key, value in options.items() if key not in _CLIENT_OPTIONS}
    retries: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
    try:
        return from_url(url, config=config, client_options=client or None, retry_config=retries)  # type: ignore[arg-type] # text
    except (BaseError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise SetupError(f"The storage '{url}' cannot be opened: {said}", hint="Correct its URL or its options.") from error


def _folder(url: str) -> Path:
    path = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else Path(url)
    return path.absolute()
