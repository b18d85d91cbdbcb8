"""Files as the answer of a page."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from os import PathLike, fspath
from typing import Any, BinaryIO

from trine.errors import HTTPException
from trine.http import FileResponse, Response, StreamingResponse
from trine.http.file_response import media_type_of
from trine.staticfiles.directory import Directory

from .context import here

_PIECE = 256 * 1024
StrPath = str | PathLike[str]


def send_file(
    path_or_file: StrPath | BinaryIO,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    *,
    max_age: int | None = None,
) -> Response:
    """Answer with a file of the application's own choice; a relative path begins in the application's folder.

    Ranges and conditions are answered, and the type comes from the name where nothing is said. An open file is closed when it was
    sent. For a name that came with the request there is `send_from_directory`.
    """
    if isinstance(path_or_file, str | PathLike):
        path = here("send_file()").app.origin / path_or_file
        name = download_name or (path.name if as_attachment else None)
        kind = "attachment" if as_attachment else "inline"
        response: Response = FileResponse(path, media_type=mimetype, filename=name, content_disposition_type=kind)
    else:
        response = _open_file(path_or_file, mimetype, download_name, as_attachment=as_attachment)
    if max_age is not None:
        response.headers["cache-control"] = f"public, max-age={int(max_age)}"
    return response


def send_from_directory(directory: StrPath, path: StrPath, **options: Any) -> Response:
    """Answer with a file below a folder, whose name may have come with the request: what leads outside is a 404."""
    folder = here("send_from_directory()").app.origin / directory
    found = _directory(str(folder)).find(fspath(path).lstrip("/"))
    if found is None or not found.is_file:
        raise HTTPException(404)
    return send_file(found.path, **options)


def stream_with_context(generator: Any) -> Any:
    """Give a stream as it is: those of pages have their request anyway. For programs that come from Flask."""
    if not callable(generator):
        return generator

    def begin(*arguments: Any, **values: Any) -> Any:
        return generator(*arguments, **values)

    return begin


@lru_cache(maxsize=100)
def _directory(folder: str) -> Directory:
    return Directory([folder])


def _open_file(file: BinaryIO, mimetype: str | None, name: str | None, *, as_attachment: bool) -> Response:
    if mimetype is None and name is None:
        file.close()
        raise ValueError("send_file() got an open file, and cannot tell its type. Pass download_name= or mimetype=.")
    kind = mimetype or media_type_of(name or "")
    if isinstance(file, BytesIO):
        response = Response(file.getbuffer()[file.tell() :], media_type=kind)
    else:
        response = StreamingResponse(_pieces(file.read, file.close), media_type=kind)
    if name is not None:
        # Said as FileResponse says it.
        described = FileResponse(name, filename=name, content_disposition_type="attachment" if as_attachment else "inline")
        response.headers["content-disposition"] = described.headers["content-disposition"]
    elif as_attachment:
        response.headers["content-disposition"] = "attachment"
    return response


def _pieces(read: Callable[[int], bytes], close: Callable[[], None]) -> Iterator[bytes]:
    try:
        while piece := read(_PIECE):
            yield piece
    finally:
        close()
