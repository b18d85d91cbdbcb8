"""Built front ends: files below a path, tried after every other route, with a fall-back for pages that the browser routes."""

import inspect
import os
import stat
import warnings
from pathlib import Path
from typing import Literal

from trine.compat.starlette.concurrency import run_in_threadpool
from trine.compat.starlette.routing import Match
from trine.compat.starlette.staticfiles import StaticFiles, normal_below
from trine.errors import BodyTooLarge, HTTPException
from trine.staticfiles.frontend import wants_page
from trine.types import Scope

from .requests import Request
from .responses import RedirectResponse, Response

Fallback = Literal["auto", "index.html", "404.html"] | None
CheckDir = Literal["auto"] | bool

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Frontend:
    """A directory that a build tool wrote, as an endpoint."""

    def __init__(self, directory: str | os.PathLike[str], fallback: Fallback, check_dir: CheckDir) -> None:
        if fallback not in ("auto", "index.html", "404.html", None):
            raise AssertionError(f"fallback must be 'auto', 'index.html', '404.html' or None, not {fallback!r}")
        self.directory = directory
        self.fallback = fallback
        self.files = StaticFiles(directory=directory, check_dir=False)
        if check_dir is not False:
            self._check(must_exist=check_dir is True or os.environ.get("FASTAPI_ENV") != "development")

    def _check(self, *, must_exist: bool) -> None:
        if Path(self.directory).is_dir():
            if self.fallback in ("index.html", "404.html") and not Path(self.directory, self.fallback).is_file():
                raise self._missing(self.fallback)
            return
        message = f"Frontend directory '{self.directory}' does not exist ({Path(self.directory).absolute()})"
        if must_exist:
            raise RuntimeError(message)
        warnings.warn(message, UserWarning, stacklevel=_level_of_caller())

    def _missing(self, name: str) -> RuntimeError:
        place = Path(self.directory).absolute()
        return RuntimeError(f"Frontend fallback '{name}' does not exist in directory '{self.directory}' ({place})")

    async def serve(self, request: Request, response: Response) -> Response:
        """Answer with a file, or with the fall-back; what dependencies put into `response` goes along."""
        limit, declared = request.body_limit, request.headers.content_length
        if limit is not None and declared is not None and declared > limit:
            raise BodyTooLarge(declared, limit)
        answer = await self._answer(request, request.path_params["frontend_path"])
        for name, value in response.headers.items():
            answer.headers.append(name, value)
        return answer

    async def _answer(self, request: Request, below: str) -> Response:
        if not await run_in_threadpool(Path(self.directory).is_dir):
            raise RuntimeError(f"Frontend directory '{self.directory}' does not exist")
        path = normal_below(below)
        full_path, found = await self.files.find(path)
        is_index = found is not None and stat.S_ISDIR(found.st_mode)
        if is_index:
            full_path, found = await self.files.find(f"{path}/index.html")
        if found is not None and stat.S_ISREG(found.st_mode):
            if request.method not in ("GET", "HEAD"):
                raise HTTPException(405, headers={"Allow": "GET, HEAD"})
            if is_index and below and not below.endswith("/"):
                return RedirectResponse(str(request.url.replace(path=request.url.path + "/")))
            return self.files.file_response(full_path, found, request.scope)
        return await self._fall_back(request)

    async def _fall_back(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            if self.fallback in ("auto", "404.html"):
                full_path, found = await self.files.find("404.html")
                if found is not None:
                    return self.files.file_response(full_path, found, request.scope, status_code=404)
                if self.fallback == "404.html":
                    raise self._missing("404.html")
            if self.fallback in ("auto", "index.html") and wants_page(request.headers.get("accept", "")):
                full_path, found = await self.files.find("index.html")
                if found is not None:
                    return self.files.file_response(full_path, found, request.scope)
                if self.fallback == "index.html":
                    raise self._missing("index.html")
        raise HTTPException(404)


def match_below(prefix: str, path: str, scope: Scope) -> tuple[Match, Scope]:
    """Fit everything at and below a prefix, at the borders of segments."""
    if scope["type"] != "http" or not (path == prefix or path.startswith(prefix + "/")):
        return Match.NONE, {}
    below = path[len(prefix) :].lstrip("/")
    return Match.FULL, {"path_params": {**scope.get("path_params", {}), "frontend_path": below}}


def _level_of_caller() -> int:
    """How far up the program stands that declares the front end."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals["__name__"].startswith("trine.compat"):
        level, frame = level + 1, frame.f_back
    return level - 1


def normal_path(path: str) -> str:
    """A front end's path without its last slash. Raises AssertionError where it is none."""
    if not path.startswith("/"):
        raise AssertionError("A frontend path must start with '/'")
    return path.rstrip("/")
