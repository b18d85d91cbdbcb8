"""One storage: files by name, whatever keeps them."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Literal
from urllib.parse import quote

import obstore
from obstore.store import AzureStore, LocalStore

from trine.errors import BodyTooLarge, HTTPException, SetupError
from trine.http.file_response import media_type_of

from .content import Content, as_bytes, read_async
from .failures import told_plainly
from .info import FileInfo, StoredFile
from .links import Link, LinkSigner, Purpose
from .names import another_name, checked_name, safe_filename
from .stores import SigningStore, make_store
from .sync import SyncStorage
from .uploads import LONGEST_BEGINNING, DirectUpload, refuse_other_beginning

IfExists = Literal["rename", "replace", "refuse"]
"""What becomes of a file whose name is taken: it gets another name, it takes the place, or `FileExistsError` is raised."""

# Parts of 5 MB are the least that S3 takes; so many are in memory at once.
PARTS_AT_ONCE = 3
ATTEMPTS = 20


class Storage:
    """Files by name: in a folder, in memory, in S3, Google Cloud Storage or Azure, by URL.

    Nothing is public: `url` gives links that expire. A file has its name only when it is complete, and streams are never held
    in memory as a whole. Missing files raise `FileNotFoundError`, a store that fails `StorageError`. `sync` is the same for
    synchronous code.
    """

    def __init__(
        self, url: str, *, options: Mapping[str, str] | None = None, public_url: str | None = None, name: str = "default"
    ) -> None:
        self.name = name
        self.public_url = public_url
        self.store = make_store(url, options or {})
        self.own_links: Callable[[], LinkSigner] = _no_links
        self.own_path = ""
        self.link_seconds = 3600
        self.max_upload: int | None = None

    @cached_property
    def sync(self) -> SyncStorage:
        """The same for synchronous code. It blocks: call it in `def` handlers, never on the event loop."""
        return SyncStorage(self)

    @property
    def can_sign(self) -> bool:
        """Whether the store signs links itself, so that files come from it and not from the application."""
        return isinstance(self.store, SigningStore)

    def path(self, name: str) -> Path | None:
        """Where a file lies on this machine's disk; None in other stores."""
        if not isinstance(self.store, LocalStore) or self.store.prefix is None:
            return None
        return Path(self.store.prefix) / checked_name(name)

    # Reading ----------------------------------------------------------------------------------------------------

    async def open(self, name: str, start: int = 0, stop: int | None = None) -> StoredFile:
        """Begin to read a file, or the bytes from `start` to `stop`."""
        with told_plainly(self.name, name):
            return StoredFile(self.name, await obstore.get_async(self.store, checked_name(name), options=part(start, stop)))

    async def read(self, name: str) -> bytes:
        """The whole content of a small file."""
        return await (await self.open(name)).read()

    async def stream(self, name: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The content of a file, piece by piece."""
        async for chunk in await self.open(name, start, stop):
            yield chunk

    async def info(self, name: str) -> FileInfo:
        """What is known of a file without reading it."""
        with told_plainly(self.name, name):
            found = await obstore.get_async(self.store, checked_name(name), options={"head": True})
        return FileInfo.of(found.meta, found.attributes)

    async def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            await self.info(name)
        except FileNotFoundError:
            return False
        return True

    async def list(self, folder: str = "") -> AsyncIterator[FileInfo]:
        """Every file in a folder and below it; all files without one. A page of a thousand is in memory at a time."""
        prefix = checked_name(folder) if folder else None
        with told_plainly(self.name):
            async for page in obstore.list(self.store, prefix, chunk_size=1000):
                for meta in page:
                    yield FileInfo.of(meta)

    # Writing ----------------------------------------------------------------------------------------------------

    async def save(
        self,
        name: str,
        content: Content,
        *,
        content_type: str | None = None,
        download: str | None = None,
        if_exists: IfExists = "rename",
        max_size: int | None = None,
    ) -> FileInfo:
        """Keep content under a name, and tell the name that it got: of a taken name a new one is made.

        The content may be bytes, a path, a file, an `UploadFile` or a stream. `content_type` and `download`, the name under
        which browsers save the file, are kept by the store; a folder keeps neither, and goes by the ending of the name.
        Content of more than `max_size` bytes raises `BodyTooLarge`. Whatever goes wrong, no file is left.
        """
        attributes = self.attributes(name, content_type, download)
        whole = as_bytes(content, max_size)
        if whole is not None and if_exists != "replace":
            name = await self._create(name, whole, attributes, if_exists)
        elif if_exists == "replace":
            await self._write(checked_name(name), whole if whole is not None else read_async(content, max_size), attributes)
        else:
            # The name is taken by an empty file first: of two that are saved at once, each gets a name of its own.
            name = await self._create(name, b"", attributes, if_exists)
            try:
                await self._write(name, read_async(content, max_size), attributes)
            except BaseException:
                await self.delete(name)
                raise
        return await self.info(name)

    async def delete(self, name: str) -> None:
        """Remove a file. It is fine when there is none."""
        try:
            with told_plainly(self.name, name):
                await obstore.delete_async(self.store, checked_name(name))
        except FileNotFoundError:
            return

    # Links ------------------------------------------------------------------------------------------------------

    async def url(self, name: str, *, seconds: int | None = None, download: str | None = None) -> str:
        """A link to a file that counts for some seconds; `download` is the name under which a browser saves it then.

        It leads to the store itself where that can sign links, else to the application, whose links also say `download`.
        """
        checked_name(name)
        if self.public_url is not None and download is None:
            return f"{self.public_url.rstrip('/')}/{quote(name)}"
        seconds = self.link_seconds if seconds is None else seconds
        if isinstance(self.store, SigningStore) and download is None:
            return await self._store_link("GET", name, seconds)
        token = self.sign("read", Link(self.name, name, time.time() + seconds, download))
        return f"{self.own_path}/{token}/{quote(safe_filename(download or name))}"

    async def start_upload(
        self,
        filename: str,
        *,
        folder: str = "uploads",
        content_types: Collection[str] | None = None,
        max_size: int | None = None,
        seconds: int = 600,
    ) -> DirectUpload:
        """Let a browser send one file by itself. What it may send is signed; the name is ours, after the one it had.

        Files of other types than `content_types` are refused here already, by their ending. The file counts only when
        `finish_upload` has looked at it: until then a store of its own takes any size.
        """
        content_type = media_type_of(filename)
        if content_types is not None and content_type not in content_types:
            raise HTTPException(415, f"A file of the type {content_type} is not taken here, only {', '.join(content_types)}.")
        limit = min(max_size or self.max_upload or 2**63, self.max_upload or 2**63)
        name = checked_name(f"{folder}/{token_urlsafe(12).strip('-_')}/{safe_filename(filename)}")
        link = Link(self.name, name, time.time() + seconds, None, content_type, limit)
        token = self.sign("upload", link)
        url = await self._store_link("PUT", name, seconds) if self.can_sign else f"{self.own_path}/{token}"
        headers = {"content-type": content_type}
        if isinstance(self.store, AzureStore):
            headers["x-ms-blob-type"] = "BlockBlob"
        return DirectUpload(url, token, name, headers=headers)

    async def finish_upload(self, token: str) -> FileInfo:
        """Look at what a browser has sent: its size, its type and how it begins. What was not allowed is deleted.

        Raises `BadSignature` for a token that is not ours, `FileNotFoundError` where nothing was sent, a 413 or 415 else.
        """
        link = self.own_links().unsign("upload", token)
        if link.storage != self.name:
            raise HTTPException(400, f"The upload belongs to the storage '{link.storage}'.")
        found = await self.open(link.name, 0, LONGEST_BEGINNING)
        try:
            if found.info.size > link.max_size:
                raise BodyTooLarge(found.info.size, link.max_size)
            if found.info.content_type.partition(";")[0].strip() != link.content_type:
                raise HTTPException(415, f"The file is {found.info.content_type}, and {link.content_type} was announced.")
            refuse_other_beginning(link.content_type, await found.read() if found.info.size else b"")
        except HTTPException:
            await self.delete(link.name)
            raise
        return found.info

    # Below ------------------------------------------------------------------------------------------------------

    def sign(self, purpose: Purpose, link: Link) -> str:
        """Write a link of the application's own."""
        return self.own_links().sign(purpose, link)

    def attributes(self, name: str, content_type: str | None, download: str | None) -> dict[str, str] | None:
        """What the store is told to keep with the content; None where it keeps nothing."""
        if isinstance(self.store, LocalStore):
            return None
        found = {"Content-Type": content_type or media_type_of(name)}
        if download is not None:
            found["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(safe_filename(download))}"
        return found

    async def _create(self, name: str, whole: bytes, attributes: Any, if_exists: IfExists) -> str:
        wanted = checked_name(name)
        for _ in range(ATTEMPTS):
            try:
                with told_plainly(self.name, name):
                    await obstore.put_async(self.store, name, whole, attributes=attributes, mode="create")
            except FileExistsError:
                if if_exists == "refuse":
                    raise
                name = another_name(wanted)
            else:
                return name
        raise FileExistsError(f"There is a file '{wanted}' in storage '{self.name}' already, and under {ATTEMPTS} other names.")

    async def _write(self, name: str, content: Any, attributes: Any) -> None:
        with told_plainly(self.name, name):
            await obstore.put_async(self.store, name, content, attributes=attributes, max_concurrency=PARTS_AT_ONCE)

    async def _store_link(self, method: Literal["GET", "PUT"], name: str, seconds: int) -> str:
        assert isinstance(self.store, SigningStore)  # noqa: S101 - for the type checker
        with told_plainly(self.name, name):
            return await obstore.sign_async(self.store, method, name, timedelta(seconds=seconds))


def part(start: int, stop: int | None) -> Any:
    """The range of a read, as the stores are told."""
    if stop is not None:
        return {"range": (start, stop)}
    return {"range": {"offset": start}} if start else {}


def _no_links() -> LinkSigner:
    raise SetupError(
        "This storage has no application that would answer its links.",
        hint="Install the battery: app.install(Storages()), and take the storage from it.",
    )
