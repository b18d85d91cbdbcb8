"""The files of a site, such as style sheets and pictures: found below its folders, and named so that browsers may keep them."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trine.errors import HTTPException, SetupError
from trine.http import Request, Response
from trine.http.file_response import FileResponse
from trine.routing import APIRouter
from trine.staticfiles import StaticFiles

from .collect import MANIFEST, Collected, collect

if TYPE_CHECKING:
    from .plugin import Pages

_FOR_EVER = "public, max-age=31536000, immutable"


class SiteFiles:
    """Serves the folders `static` of an application and its blueprints, each below a path.

    In development, and without `trine collectstatic`, an address carries a piece of the file's hash as `?v=`. Collected files
    have it in their names. Either way browsers keep them for ever, and ask anew where the content has changed.
    """

    def __init__(self, pages: "Pages") -> None:
        self.pages = pages
        self._hashes: dict[str, tuple[tuple[int, int], str]] = {}
        self._collected: dict[str, str] | None = None
        self._known: dict[str, tuple[str, Path]] | None = None

    def sources(self) -> dict[str, tuple[str, Path]]:
        """By endpoint: the path that files are served below, and their folder."""
        found: dict[str, tuple[str, Path]] = {}
        if self.pages.static_folder.is_dir():
            found["static"] = (self.pages.static_url_path, self.pages.static_folder)
        for name, prefix, blueprint in self.pages.placed_blueprints():
            if blueprint.static_folder is not None:
                found[f"{name}.static"] = (prefix + blueprint.static_url_path, blueprint.static_folder)
        return found

    def routes(self) -> APIRouter:
        """The routes that serve them."""
        self._collected = None
        self._known = self.sources()
        router = APIRouter(include_in_schema=False)
        for endpoint, (path, folder) in self._known.items():
            router.add_api_route(f"{path}/{{filename:path}}", self._server(path, folder), methods=["GET"], name=endpoint)
        return router

    def versioned(self, endpoint: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values for the address of a file as it is now: with its hashed name, or with a piece of its hash."""
        known = self.sources() if self._known is None else self._known
        source, filename = known.get(endpoint), values.get("filename")
        if source is None or not isinstance(filename, str):
            return values
        path, folder = source
        collected = self.manifest.get(f"{path}/{filename}")
        if collected is not None:
            return {**values, "filename": collected.removeprefix(f"{path}/")}
        version = self._hash(folder / filename)
        return values if version is None else {**values, "v": version}

    def collect(self, target: Path) -> Collected:
        """Write every file to a folder, under a name with its hash too, and compressed. Raises `SetupError` where none are."""
        sources = self.sources()
        if not sources:
            raise SetupError(
                f"There are no files to collect: no folder {self.pages.static_folder}.",
                hint="Make it, or say where files are: app.install(Pages(static_folder=...)), Blueprint(static_folder=...).",
            )
        for path, folder in sources.values():
            if not folder.is_dir():
                raise SetupError(f"The folder {folder}, served at {path}, does not exist.", hint="Make it, or correct the path.")
        return collect(sources, target)

    @property
    def manifest(self) -> dict[str, str]:
        """The addresses of collected files by those of their sources; empty in development."""
        if self._collected is None:
            place = self.pages.static_root / MANIFEST
            self._collected = {}
            if not self.pages.app.settings.is_development and place.is_file():
                try:
                    self._collected = msgspec.json.decode(place.read_bytes(), type=dict[str, str])
                except msgspec.MsgspecError as error:
                    raise SetupError(f"{place} cannot be read: {error}.", hint="Run: trine collectstatic") from error
        return self._collected

    def _server(self, path: str, folder: Path) -> Callable[..., Awaitable[Response]]:
        collected = self.pages.static_root / path.strip("/")
        directories = [collected, folder] if self.manifest and collected.is_dir() else [folder]
        files = [StaticFiles(directory=directory, check_dir=False) for directory in directories]
        known = frozenset(self.manifest.values())

        async def serve_file(request: Request, filename: str) -> Response:
            for source in files:
                response = source.find_response(request, filename)
                if isinstance(response, FileResponse):
                    asked = request.query_params.get("v")
                    if f"{path}/{filename}" in known or (asked and asked == self._hash(folder / filename)):
                        response.headers["cache-control"] = _FOR_EVER
                    return response
            raise HTTPException(404)

        return serve_file

    def _hash(self, file: Path) -> str | None:
        """A piece of a file's hash, read anew when the file has changed."""
        try:
            stat = file.stat()
            key, known = (stat.st_mtime_ns, stat.st_size), self._hashes.get(str(file))
            if known is None or known[0] != key:
                known = self._hashes[str(file)] = (key, short_hash(file.read_bytes()))
        except (OSError, ValueError):
            return None
        return known[1]


def short_hash(content: bytes) -> str:
    """The piece of a file's hash that its address carries."""
    return sha256(content).hexdigest()[:12]
