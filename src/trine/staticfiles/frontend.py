"""A front end that a build tool wrote: files, and a page for the paths that the browser routes."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from trine.errors import HTTPException, SetupError
from trine.http import Request, Response

from .static import METHODS, StaticFiles

Fallback = Literal["auto", "index.html", "404.html"] | None

logger = logging.getLogger("trine")


class Frontend:
    """The files of a built single-page application, and the page that answers where there is no file.

    `fallback="auto"` takes `404.html` where the build wrote one, else `index.html` for a browser that opens a page; scripts
    and pictures that are missing are never answered with a page.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        fallback: Fallback = "auto",
        check_dir: Literal["auto"] | bool = "auto",
        immutable: str | Sequence[str] = (),
        cache_control: str | None = None,
    ) -> None:
        if fallback not in ("auto", "index.html", "404.html", None):
            raise SetupError(
                f"frontend() has fallback={fallback!r}.", hint="Use 'auto', 'index.html', '404.html', or None for none at all."
            )
        self.directory = Path(directory)
        self.fallback = fallback
        self.check_dir = check_dir
        self.files = StaticFiles(
            directory=directory, html=True, check_dir=False, immutable=immutable, cache_control=cache_control
        )

    def check(self, *, is_development: bool) -> None:
        """Raise SetupError where the build is missing; in development, where another server may have it, warn."""
        if self.check_dir is False:
            return
        problem = self._find_problem()
        if problem is not None and is_development and self.check_dir == "auto":
            logger.warning("%s %s", problem.message, problem.hint)
        elif problem is not None:
            raise problem

    def _find_problem(self) -> SetupError | None:
        place = f"'{self.directory}' ({self.directory.absolute()})"
        if not self.directory.is_dir():
            return SetupError(f"The front end's directory {place} does not exist.", hint="Build the front end first.")
        if self.fallback in ("index.html", "404.html") and not (self.directory / self.fallback).is_file():
            return SetupError(f"The front end's directory {place} has no {self.fallback}.", hint="Build it, or change fallback=.")
        return None

    async def serve(self, request: Request, frontend_path: str) -> Response:
        """Answer a request for a path below the one where this is declared."""
        response = self.files.find_response(request, frontend_path)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(404) if response is None else HTTPException(405, headers={"allow": METHODS})
        response = response or self._fall_back(request)
        if response is None:
            raise HTTPException(404)
        return response

    def _fall_back(self, request: Request) -> Response | None:
        if self.fallback in ("auto", "404.html"):
            page = self.files.find_page(request, "404.html", status_code=404)
            if page is not None or self.fallback == "404.html":
                return page
        if self.fallback is not None and wants_page(", ".join(request.headers.getlist("accept"))):
            return self.files.find_page(request, "index.html")
        return None


def wants_page(accept: str) -> bool:
    """Whether a browser opens a page: it names HTML, with any weight but zero; a wildcard does not count."""
    for entry in accept[:8192].split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        if kind in ("text/html", "application/xhtml+xml"):
            return not any(parameter.replace(" ", "").rstrip("0") in ("q=", "q=0.") for parameter in parameters)
    return False
