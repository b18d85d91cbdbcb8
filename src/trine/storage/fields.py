"""A field for a file: the row keeps its name, a storage keeps the rest."""

from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from sqlalchemy import String
from sqlalchemy.types import TypeDecorator

from .content import Content
from .info import FileInfo
from .names import LONGEST_NAME, checked_name, safe_filename
from .plugin import get_storage
from .storage import Storage


class FileName(str):
    """The name of a file in a storage, with what can be done with it: the value of a field whose type is `FileColumn`.

    `book.cover = await FileName.save(upload, storage="media", folder="covers")`, then `await book.save()`. A row that is
    deleted leaves its file: `await book.cover.delete()` removes it.
    """

    __slots__ = ("storage_name",)
    storage_name: str

    def __new__(cls, name: str, storage: str = "default") -> Self:
        """Name a file. Raises ValueError for what cannot be a name."""
        made = super().__new__(cls, checked_name(name))
        made.storage_name = storage
        return made

    @classmethod
    async def save(
        cls,
        content: Content,
        *,
        storage: str = "default",
        folder: str = "",
        filename: str | None = None,
        max_size: int | None = None,
    ) -> Self:
        """Keep a file, such as an `UploadFile`, and give its name. It has a name of its own, after the one that it had."""
        plain = safe_filename(filename or getattr(content, "filename", None) or "file")
        name = f"{folder.strip('/')}/{plain}" if folder else plain
        info = await get_storage(storage).save(name, content, max_size=max_size)
        return cls(info.name, storage)

    @property
    def storage(self) -> Storage:
        """Where the file is."""
        return get_storage(self.storage_name)

    async def url(self, *, seconds: int | None = None, download: str | None = None) -> str:
        """A link that expires."""
        return await self.storage.url(self, seconds=seconds, download=download)

    async def read(self) -> bytes:
        """The content of a small file."""
        return await self.storage.read(self)

    async def info(self) -> FileInfo:
        """Size, date and type."""
        return await self.storage.info(self)

    async def delete(self) -> None:
        """Remove the file. The row keeps the name until it is changed."""
        await self.storage.delete(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read_name(value: Any) -> FileName:
            return value if isinstance(value, FileName) else cls(value)

        text = core_schema.str_schema(min_length=1, max_length=LONGEST_NAME)
        return core_schema.no_info_after_validator_function(read_name, text)


class FileColumn(TypeDecorator[FileName]):
    """The column of a file's name: `cover: FileName | None = field(type=FileColumn("media"), default=None)`."""

    impl = String(LONGEST_NAME)
    cache_ok = True

    def __init__(self, storage: str = "default") -> None:
        self.storage = storage
        super().__init__()

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Write the name alone."""
        return None if value is None else checked_name(str(value))

    def process_result_value(self, value: Any, dialect: Any) -> FileName | None:
        """Give the name with its storage."""
        return None if value is None else FileName(value, self.storage)
