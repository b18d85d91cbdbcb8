"""What the application answers for stores that sign no links themselves: files, and uploads from browsers."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from trine.errors import BadSignature, BodyTooLarge, HTTPException, SignatureExpired
from trine.http import FileResponse, Request, Response, StreamingResponse
from trine.http.file_response import media_type_of
from trine.http.ranges import UnsatisfiableRange, parse_range

from .links import Link, Purpose
from .names import safe_filename
from .storage import Storage

if TYPE_CHECKING:
    from trine.app import App

    from .plugin import Storages

# What browsers show without running anything. Everything else is downloaded: a page or an SVG of a stranger would be ours.
_SHOWN = ("image/", "audio/", "video/", "text/plain", "application/pdf")
_NEVER_SHOWN = ("image/svg+xml",)


def add_routes(app: "App", storages: "Storages") -> None:
    """Answer signed links: GET gives a file, PUT takes one."""
    path = storages_path(app)

    @app.api_route(f"{path}/{{token}}/{{filename}}", methods=["GET", "HEAD"], include_in_schema=False, name="stored_file")
    async def read_stored(token: str, filename: str, request: Request) -> Response:
        link = _read_link(storages, "read", token)
        return await _answer(storages[link.storage], link, request)

    most = storages.settings.max_upload

    # A large file may take an hour; the least rate of bodies still counts.
    @app.put(f"{path}/{{token}}", include_in_schema=False, name="stored_upload", max_body_size=most, timeout=3600)
    async def write_stored(token: str, request: Request) -> Response:
        link = _read_link(storages, "upload", token)
        return await _take(storages[link.storage], link, request)


def storages_path(app: "App") -> str:
    """The path that the settings name."""
    from .settings import StorageSettings

    return app.settings.part(StorageSettings).path


def _read_link(storages: "Storages", purpose: Purpose, token: str) -> Link:
    try:
        return storages.links.unsign(purpose, token)
    except SignatureExpired as error:
        raise HTTPException(410, "The link has expired. Ask for a new one.") from error
    except BadSignature as error:
        raise HTTPException(404) from error


async def _answer(storage: Storage, link: Link, request: Request) -> Response:
    headers = _headers(link)
    try:
        place = storage.path(link.name)
        if place is not None:
            if not place.is_file():
                raise FileNotFoundError(place)
            return FileResponse(place, headers=headers)
        return await _answer_from_store(storage, link, request, headers)
    except FileNotFoundError as error:
        raise HTTPException(404, "The file is not there any more.") from error


async def _answer_from_store(storage: Storage, link: Link, request: Request, headers: dict[str, str]) -> Response:
    info = await storage.info(link.name)
    headers |= {"accept-ranges": "bytes", "content-type": info.content_type}
    if info.etag:
        headers["etag"] = info.etag if info.etag.startswith('"') else f'"{info.etag}"'
    status, start, stop = 200, 0, info.size
    wanted = request.headers.get("range")
    if wanted is not None and request.headers.get("if-range", headers.get("etag")) == headers.get("etag"):
        try:
            parts = parse_range(wanted, info.size)
        except UnsatisfiableRange as error:
            raise HTTPException(416, str(error), {"content-range": f"bytes */{info.size}"}) from error
        # Several ranges at once are for files on a disk: a client that asks for them takes the whole file as well.
        if len(parts) == 1:
            status, (start, stop) = 206, parts[0]
            headers["content-range"] = f"bytes {start}-{stop - 1}/{info.size}"
    headers["content-length"] = str(stop - start)
    if request.method == "HEAD" or start == stop:
        return Response(None if status == 200 and start != stop else b"", status, headers)
    return StreamingResponse(_stream(storage, link.name, start, stop), status, headers)


async def _stream(storage: Storage, name: str, start: int, stop: int) -> AsyncIterator[bytes]:
    async for chunk in storage.stream(name, start, stop):
        yield chunk


async def _take(storage: Storage, link: Link, request: Request) -> Response:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != link.content_type:
        raise HTTPException(415, f"The upload was announced as {link.content_type}.")
    declared = request.headers.content_length
    if declared is not None and declared > link.max_size:
        raise BodyTooLarge(declared, link.max_size)
    try:
        # The limit of the link, not of the application: what is streamed is counted on its way.
        content = request.stream()
        await storage.save(link.name, content, content_type=link.content_type, if_exists="refuse", max_size=link.max_size)
    except FileExistsError as error:
        raise HTTPException(409, "The file has been uploaded already.") from error
    return Response(None, 204)


def _headers(link: Link) -> dict[str, str]:
    media_type = media_type_of(link.name)
    is_shown = link.download is None and media_type.startswith(_SHOWN) and media_type not in _NEVER_SHOWN
    filename = safe_filename(link.download or link.name)
    return {
        "content-disposition": f"{'inline' if is_shown else 'attachment'}; filename*=utf-8''{quote(filename)}",
        "cache-control": f"private, max-age={link.seconds_left}",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
