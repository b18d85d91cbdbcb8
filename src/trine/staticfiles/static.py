"""A directory of files below a path."""

import importlib.util
import os
import re
from collections.abc import Sequence
from fnmatch import translate
from pathlib import Path
from urllib.parse import quote

from trine.errors import HTTPException, SetupError
from trine.http import FileResponse, Request, Response
from trine.http.file_response import media_type_of
from trine.http.negotiate import best_coding

from .directory import Directory, FoundFile, remember

PathLike = str | os.PathLike[str]

METHODS = "GET, HEAD"
# Content codings and the endings of files that are written in them, best first.
CODINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
# Compressed already: nobody looks for a compressed form beside these.
_LEFT_ALONE = ("image/", "audio/", "video/", "font/", "application/zip", "application/gzip", "application/pdf")
_FOR_EVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """Serve the files of a directory: `app.mount("/static", StaticFiles(directory="static"))`.

    A file `app.js.br`, `.zst` or `.gz` beside `app.js` is sent in its place to clients that take it. With `html`, a folder
    is its `index.html`, and `404.html` answers what is missing. Paths that match a pattern of `immutable`, such as
    `assets/*`, may be kept for ever: their names change with their content. `cache_control` is said of all others; without
    it, pages are asked for anew each time. Keep the directory on a local disk: it is looked at on the event loop.
    """

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: Sequence[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
        hidden: bool = False,
        precompressed: bool = True,
        immutable: str | Sequence[str] = (),
        cache_control: str | None = None,
    ) -> None:
        roots = [] if directory is None else [Path(directory)]
        roots += [_folder_of(package) for package in packages or ()]
        if not roots:
            raise SetupError("StaticFiles() has nothing to serve.", hint='Write StaticFiles(directory="static").')
        if check_dir:
            _check_folders(roots)
        self.files = Directory(roots, follow_symlink=follow_symlink, hidden=hidden)
        self.html = html
        self.precompressed = precompressed
        self.cache_control = cache_control
        patterns = [immutable] if isinstance(immutable, str) else immutable
        self._is_immutable = re.compile("|".join(map(translate, patterns)) or r"(?!)").match
        self._ready: dict[str, FileResponse] = {}

    async def answer_below(self, request: Request, path: str) -> Response:
        """Answer a request for a path below the one where this is mounted."""
        if request.method not in ("GET", "HEAD"):
            if request.method == "OPTIONS":
                return Response(None, 204, {"allow": METHODS})
            raise HTTPException(405, headers={"allow": METHODS})
        response = self.find_response(request, path)
        if response is None and self.html:
            response = self.find_page(request, "404.html", status_code=404)
        if response is None:
            raise HTTPException(404)
        return response

    def find_response(self, request: Request, path: str) -> Response | None:
        """The file at a path, or a folder's page; None where there is neither."""
        path = path.removeprefix("/")
        found = self.files.find(path.removesuffix("/") if self.html else path)
        if found is None:
            return None
        if found.is_file:
            return None if path.endswith("/") else self._file(request, path, found)
        if not self.html or not found.is_folder:
            return None
        inner = f"{path.removesuffix('/')}/index.html".removeprefix("/")
        index = self.files.find(inner)
        if index is None or not index.is_file:
            return None
        return self._file(request, inner, index) if request.path.endswith("/") else _with_slash(request)

    def find_page(self, request: Request, path: str, status_code: int = 200) -> Response | None:
        """One file by its name, whatever the request's path is."""
        found = self.files.find(path)
        return None if found is None or not found.is_file else self._file(request, path, found, status_code)

    def _file(self, request: Request, path: str, found: FoundFile, status_code: int = 200) -> Response:
        media_type = media_type_of(path)
        coding = None
        is_negotiated = self.precompressed and not media_type.startswith(_LEFT_ALONE)
        if is_negotiated:
            coding, found = self._preferred(request, path, found)
        # Described once, for as long as the file stays the same; each request gets a copy, whose headers are its own.
        key = f"{status_code} {found.path} {coding or ''}"
        ready = self._ready.get(key)
        if ready is None or not _is_same(ready.stat_result, found.stat):
            headers = self._headers(path, media_type, coding, is_negotiated=is_negotiated)
            ready = FileResponse(found.path, status_code, headers, media_type, stat_result=found.stat)
            remember(self._ready, key, ready)
        return ready.copy()

    def _preferred(self, request: Request, path: str, plain: FoundFile) -> tuple[str | None, FoundFile]:
        """The form of a file that the client likes best, of those that there are."""
        line = ", ".join(request.headers.getlist("accept-encoding"))
        offers = list(CODINGS)
        while line and (coding := best_coding(line, offers)) is not None:
            found = self.files.find(path + CODINGS[coding])
            if found is not None and found.is_file:
                return coding, found
            offers.remove(coding)
        return None, plain

    def _headers(self, path: str, media_type: str, coding: str | None, *, is_negotiated: bool) -> dict[str, str]:
        headers = {}
        if coding is not None:
            headers["content-encoding"] = coding
        if is_negotiated:
            headers["vary"] = "Accept-Encoding"
        if self._is_immutable(path):
            headers["cache-control"] = _FOR_EVER
        elif self.cache_control is not None:
            headers["cache-control"] = self.cache_control
        elif media_type == "text/html":
            # Without a word browsers guess, and show yesterday's page with today's scripts.
            headers["cache-control"] = "no-cache"
        return headers


def _is_same(known: os.stat_result | None, found: os.stat_result) -> bool:
    return (
        known is not None
        and known.st_mtime_ns == found.st_mtime_ns
        and known.st_size == found.st_size
        and known.st_ino == found.st_ino
    )


def _with_slash(request: Request) -> Response:
    # Relative: an absolute path that begins with two slashes would name another host.
    name = (request.root_path + request.path).rpartition("/")[2]
    query = f"?{request.query_string}" if request.query_string else ""
    return Response(None, 307, {"location": f"./{quote(name)}/{query}"})


def _folder_of(package: str | tuple[str, str]) -> Path:
    """The folder of a package's files: `statics`, or the one that a pair names."""
    name, folder = (package, "statics") if isinstance(package, str) else package
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SetupError(
            f"StaticFiles(packages=...) names '{name}', which cannot be imported.", hint="Install it, or correct it."
        )
    return Path(spec.origin).parent / folder


def _check_folders(roots: Sequence[Path]) -> None:
    for root in roots:
        if not root.is_dir():
            raise SetupError(
                f"The directory '{root}' of StaticFiles does not exist ({root.absolute()}).",
                hint="Make it, correct the path, or pass check_dir=False where it comes later.",
            )
