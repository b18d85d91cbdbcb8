"""`starlette.staticfiles`: files below a path."""

import errno
import os
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trine.http.conditional import is_not_modified
from trine.types import Receive, Scope, Send

from .concurrency import run_in_threadpool
from .datastructures import URL, Headers
from .exceptions import HTTPException
from .paths import route_path
from .responses import FileResponse, RedirectResponse, Response
from .websockets import WebSocketClose

PathLike = str | os.PathLike[str]


class NotModifiedResponse(Response):
    """Say that the client's copy is good, with the headers that describe it."""

    KEPT = ("cache-control", "content-location", "date", "etag", "expires", "vary")

    def __init__(self, headers: Headers) -> None:
        super().__init__(status_code=304, headers={name: value for name, value in headers.items() if name in self.KEPT})


class StaticFiles:
    """Serve a directory. With `html`, a directory is its `index.html`, and `404.html` answers what is missing."""

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: Any = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
    ) -> None:
        self.directory = directory
        self.packages = packages
        self.config_checked = False
        self.html = html
        self.follow_symlink = follow_symlink
        self.all_directories = self.get_directories(directory, packages)
        if check_dir and directory is not None and not Path(directory).is_dir():
            raise RuntimeError(f"Directory '{directory}' does not exist")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a scope."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if scope["type"] != "http":
            raise AssertionError("StaticFiles answers HTTP only.")
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        response = await self.get_response(self.get_path(scope), scope)
        await response(scope, receive, send)

    def get_directories(self, directory: PathLike | None = None, packages: Any = None) -> list[PathLike]:
        """Give every directory that is served: the one that was named, and those of packages: `statics`, or what a pair says."""
        found: list[PathLike] = [] if directory is None else [directory]
        for entry in packages or ():
            package, below = (entry, "statics") if isinstance(entry, str) else entry
            spec = find_spec(package)
            if spec is None or spec.origin is None or not Path(spec.origin).with_name(below).is_dir():
                raise AssertionError(f"Directory {below!r} in package {package!r} could not be found.")
            found.append(Path(spec.origin).with_name(below))
        return found

    async def check_config(self) -> None:
        """Look, before the first answer, whether there is a directory at all."""
        if self.directory is None:
            return
        if not await run_in_threadpool(Path(self.directory).exists):
            raise RuntimeError(f"StaticFiles directory '{self.directory}' does not exist.")
        if not await run_in_threadpool(Path(self.directory).is_dir):
            raise RuntimeError(f"StaticFiles path '{self.directory}' is not a directory.")

    def get_path(self, scope: Scope) -> str:
        """The path that is asked for, below the directory."""
        return normal_below(route_path(scope))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a path below the directory."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        full_path, found = await self.find(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            return self.file_response(full_path, found, scope)
        if found is not None and stat.S_ISDIR(found.st_mode) and self.html:
            index, found = await self.find(f"{path}/index.html")
            if found is not None and stat.S_ISREG(found.st_mode):
                if not scope["path"].endswith("/"):
                    url = URL(scope["path"])
                    return RedirectResponse(str(url.replace(path=f"{url.path}/")))
                return self.file_response(index, found, scope)
        if self.html:
            missing, found = await self.find("404.html")
            if found is not None and stat.S_ISREG(found.st_mode):
                return FileResponse(missing, stat_result=found, status_code=404)
        raise HTTPException(404)

    async def find(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file in a worker thread. Raises 401 for one that may not be read, 404 for a name that no file has."""
        try:
            return await run_in_threadpool(self.lookup_path, path)
        except PermissionError:
            raise HTTPException(401) from None
        except ValueError:
            # A null byte in the path.
            raise HTTPException(404) from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise HTTPException(404) from None
            raise

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; nothing outside the directory is ever found."""
        for directory in self.all_directories:
            # Followed links may lead outside; unfollowed ones are resolved first, so that what they lead to is what counts.
            resolve = os.path.abspath if self.follow_symlink else os.path.realpath
            root, full_path = Path(resolve(directory)), Path(resolve(Path(directory, path)))
            if not full_path.is_relative_to(root):
                continue
            try:
                return str(full_path), full_path.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
        return "", None

    def file_response(self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200) -> Response:
        """Send a file, or 304 where the client has it already."""
        response = FileResponse(full_path, status_code=status_code, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(raw=scope["headers"])):
            return NotModifiedResponse(response.headers)
        return response

    def is_not_modified(self, response_headers: Headers, request_headers: Headers) -> bool:
        """Whether the client's copy is the current one, by its tag or else its date (RFC 9110 §13)."""
        return is_not_modified(request_headers, response_headers["etag"], response_headers["last-modified"])


def normal_below(path: str) -> str:
    """A path of a URL as one below a directory: relative, without empty, `.` and `..` segments."""
    return os.path.normpath("/".join(filter(None, path.split("/"))) or ".")
