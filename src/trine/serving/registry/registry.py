"""The registry: a folder for each model, a folder in it for each version, and one small file that says which versions answer.

housing/release.json                        which versions answer
housing/3/manifest.json                     what version 3 is; it exists once this file does
housing/3/9f2c61ab03d47e58/housing.skops    its files, below a folder named after their checksums
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import ValidationError

from trine.errors import TrineError
from trine.storage import Storage

from ..formats import format_of
from ..formats.checksum import check_sha256, sha256_of
from .manifest import ModelFile, ModelVersion, Release, is_name
from .writing import change_release

_MAX_MANIFEST = 4 << 20
_ATTEMPTS = 100


class RegistryError(TrineError):
    """A registry that does not have what was asked for, or holds what it should not."""


class Registry:
    """Versions of models below a URL: a folder, `s3://`, `gs://` or `az://`, or a `Storage`.

    A version is there as a whole or not at all, and never changes. Its files are checked against their checksums whenever
    they are fetched. Everything here blocks: it is for scripts, commands and threads.
    """

    def __init__(self, url: str | Path | Storage, *, cache: str | Path | None = None) -> None:
        self.storage = url if isinstance(url, Storage) else Storage(str(url), name="models")
        self.url = "" if isinstance(url, Storage) else str(url)
        self.cache = _user_cache() if cache is None else Path(cache)
        """Where files from other machines are kept, the user's own folder for such things where nothing is said."""

    def __repr__(self) -> str:
        return f"Registry({self.url!r})"

    # Reading ----------------------------------------------------------------------------------------------------

    def models(self) -> list[str]:
        """The names of all models, in order."""
        return sorted({file.name.split("/")[0] for file in self.storage.sync.list() if file.name.endswith("/manifest.json")})

    def versions(self, model: str) -> list[ModelVersion]:
        """Every version of a model, the oldest first."""
        names = [file.name for file in self.storage.sync.list(_checked(model, "model"))]
        found = [name.split("/")[1] for name in names if name.endswith("/manifest.json") and name.count("/") == 2]
        return sorted((self.version(model, name) for name in found), key=lambda version: (version.created, version.version))

    def version(self, model: str, version: str) -> ModelVersion:
        """What is known of a version. Raises `RegistryError` where there is none."""
        place = f"{_checked(model, 'model')}/{_checked(version, 'version')}/manifest.json"
        try:
            found = ModelVersion.model_validate_json(self._read(place))
        except FileNotFoundError:
            raise RegistryError(f"There is no version '{version}' of '{model}'. {self._there_are(model)}") from None
        except ValidationError as error:
            raise RegistryError(f"The manifest of '{model}' {version} is broken: {error.errors()[0]['msg']}.") from error
        if (found.model, found.version) != (model, version):
            raise RegistryError(f"The manifest of '{model}' {version} is that of '{found.model}' {found.version}.")
        return found

    def release(self, model: str) -> Release:
        """Which versions of a model answer."""
        try:
            return Release.model_validate_json(self._read(f"{_checked(model, 'model')}/release.json"))
        except FileNotFoundError:
            return Release()
        except ValidationError as error:
            raise RegistryError(f"release.json of '{model}' is broken: {error.errors()[0]['msg']}.") from error

    def fetch(self, model: str, version: str | None = None) -> tuple[Path, ModelVersion]:
        """Give a folder with the files of a version, each with its checksum, and what is known of it. The default's else.

        Raises `ModelFileError` for a file that was changed, and `RegistryError` where something is missing.
        """
        version = version or self.release(model).default
        if version is None:
            raise RegistryError(f"'{model}' has no default version. {self._there_are(model)}")
        known = self.version(model, version)
        below = f"{model}/{version}/{known.folder}"
        folder = self.storage.path(f"{below}/{known.files[0].name}")
        if folder is not None:
            for file in known.files:
                self._check(folder.with_name(file.name), file, below)
            return folder.parent, known
        return self._download(known, below), known

    # Writing ----------------------------------------------------------------------------------------------------

    def publish(
        self,
        model: str,
        *files: str | Path,
        version: str | None = None,
        format: str | None = None,
        metrics: Mapping[str, float] | None = None,
        statistics: Mapping[str, Any] | None = None,
        description: str = "",
        promote: bool = False,
    ) -> ModelVersion:
        """Keep files as a new version; the next number without a name. Nobody sees it before it is complete.

        The first version of a model is its default at once, a later one where `promote` says so.
        """
        _checked(model, "model")
        paths = [Path(file) for file in files]
        if not paths or len({path.name for path in paths}) != len(paths):
            raise RegistryError(f"'{model}' needs files, each with a name of its own.")
        try:
            kept = [ModelFile(name=path.name, size=path.stat().st_size, sha256=sha256_of(path)) for path in paths]
        except ValidationError as error:
            named = error.errors()[0]["input"]
            raise RegistryError(f"A file cannot be called '{named}'. Use letters, digits, '.', '_' and '-'.") from error
        manifest = {
            "model": model,
            "created": datetime.now(UTC),
            "format": format or format_of(paths[0]),
            "files": kept,
            "folder": hashlib.sha256("".join(f"{file.name}={file.sha256};" for file in kept).encode()).hexdigest()[:16],
            "metrics": dict(metrics or {}),
            "statistics": dict(statistics or {}),
            "description": description,
        }
        published = self._claim(manifest, paths, version)
        if promote or self.release(model).default is None:
            self.promote(model, published.version)
        return published

    def promote(self, model: str, version: str) -> Release:
        """Make a version the default. Its share of the traffic, where it had one, ends."""
        self.version(model, version)

        def promoted(release: Release) -> Release:
            if release.default == version:
                return release
            history = [*release.history, *([release.default] if release.default else [])][-1000:]
            traffic = {name: share for name, share in release.traffic.items() if name != version}
            shadow = None if release.shadow == version else release.shadow
            return release.model_copy(update={"default": version, "history": history, "traffic": traffic, "shadow": shadow})

        return self._change(model, promoted)

    def rollback(self, model: str) -> Release:
        """Make the default before this one the default again. All traffic is its own then."""

        def rolled_back(release: Release) -> Release:
            if not release.history:
                raise RegistryError(f"'{model}' had no default before '{release.default}'.")
            *history, previous = release.history
            self.version(model, previous)
            return Release(default=previous, history=history)

        return self._change(model, rolled_back)

    def split(self, model: str, traffic: Mapping[str, float]) -> Release:
        """Give other versions a share of the requests, from 0 to 1; the rest is the default's. `{}` gives it all of them."""
        for version in traffic:
            self.version(model, version)
        if not all(0 <= share <= 1 for share in traffic.values()) or sum(traffic.values()) > 1:
            raise RegistryError(f"Shares of traffic go from 0 to 1, and together to 1 at most: {dict(traffic)}.")

        def divided(release: Release) -> Release:
            if release.default in traffic:
                raise RegistryError(f"'{release.default}' is the default of '{model}': it has what the others leave.")
            return release.model_copy(update={"traffic": {name: share for name, share in traffic.items() if share}})

        return self._change(model, divided)

    def shadow(self, model: str, version: str | None) -> Release:
        """Send copies of requests to a version, whose answers are compared and thrown away; None ends it."""
        if version is not None:
            self.version(model, version)
        return self._change(model, lambda release: release.model_copy(update={"shadow": version}))

    def delete(self, model: str, version: str) -> None:
        """Remove a version that nothing answers with."""
        known, release = self.version(model, version), self.release(model)
        if version in release.versions:
            raise RegistryError(f"Version '{version}' of '{model}' answers requests. Promote another one first.")
        self._change(model, lambda was: was.model_copy(update={"history": [name for name in was.history if name != version]}))
        # The manifest first: what is half deleted is not there.
        self.storage.sync.delete(f"{model}/{version}/manifest.json")
        for file in known.files:
            self.storage.sync.delete(f"{model}/{version}/{known.folder}/{file.name}")

    # Parts ------------------------------------------------------------------------------------------------------

    def _claim(self, manifest: dict[str, Any], paths: Sequence[Path], version: str | None) -> ModelVersion:
        """Write the files, then the manifest, which only one can create."""
        model = manifest["model"]
        for _ in range(_ATTEMPTS):
            named = version or self._next_number(model)
            published = _manifest(manifest, _checked(named, "version"))
            if self.storage.sync.exists(f"{model}/{named}/manifest.json"):
                if version is not None:
                    raise _taken(model, named)
                continue
            below = f"{model}/{named}/{published.folder}"
            for path in paths:
                self.storage.sync.save(f"{below}/{path.name}", path, if_exists="replace")
            try:
                whole = published.model_dump_json(indent=2).encode()
                self.storage.sync.save(f"{model}/{named}/manifest.json", whole, if_exists="refuse")
            except FileExistsError:
                # Somebody was quicker. Whoever published the same files has them in the same folder.
                if self.version(model, named).folder != published.folder:
                    for path in paths:
                        self.storage.sync.delete(f"{below}/{path.name}")
                if version is not None:
                    raise _taken(model, named) from None
                continue
            return published
        raise RegistryError(f"'{model}' got {_ATTEMPTS} new versions meanwhile. Name the version.")

    def _next_number(self, model: str) -> str:
        numbers = [int(one.version) for one in self.versions(model) if one.version.isdecimal()]
        return str(max(numbers, default=0) + 1)

    def _change(self, model: str, change: Callable[[Release], Release]) -> Release:
        return change_release(self.storage, _checked(model, "model"), lambda: change(self.release(model)))

    def _read(self, name: str) -> bytes:
        file = self.storage.sync.open(name)
        if file.info.size > _MAX_MANIFEST:
            raise RegistryError(f"{name} has {file.info.size} bytes, more than {_MAX_MANIFEST}.")
        return file.read_now()

    def _check(self, path: Path, file: ModelFile, below: str) -> None:
        if not path.is_file():
            raise RegistryError(f"{below}/{file.name} is missing.")
        check_sha256(path, file.sha256)

    def _download(self, known: ModelVersion, below: str) -> Path:
        folder = self.cache / known.model / known.version / known.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in known.files:
            path = folder / file.name
            if path.is_file() and sha256_of(path) == file.sha256:
                continue
            with NamedTemporaryFile(dir=folder, delete=False) as part:
                try:
                    for chunk in self._chunks(f"{below}/{file.name}"):
                        part.write(chunk)
                    part.flush()
                    check_sha256(Path(part.name), file.sha256)
                except BaseException:
                    Path(part.name).unlink()
                    raise
            shutil.move(part.name, path)
        return folder

    def _chunks(self, name: str) -> Any:
        try:
            yield from self.storage.sync.stream(name)
        except FileNotFoundError:
            raise RegistryError(f"{name} is missing.") from None

    def _there_are(self, model: str) -> str:
        names = ", ".join(one.version for one in self.versions(model))
        return f"There are {names}." if names else "It has none: publish one first."


def _manifest(said: Mapping[str, Any], version: str) -> ModelVersion:
    try:
        made = ModelVersion(**said, version=version)
        # What cannot be written as JSON, or is larger than what is read again, is found now.
        size = len(made.model_dump_json())
    except ValueError as error:
        raise RegistryError(f"The manifest of '{said['model']}' cannot be written: {error}") from error
    if size > _MAX_MANIFEST // 2:
        raise RegistryError(f"The manifest of '{said['model']}' has {size} bytes: keep statistics, not data.")
    return made


def _taken(model: str, version: str) -> RegistryError:
    return RegistryError(f"There is a version '{version}' of '{model}' already, and versions never change.")


def _user_cache() -> Path:
    # Not a folder that everybody may write to: what was checked must not be exchanged before it is loaded.
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trine" / "models"


def _checked(name: str, what: str) -> str:
    if not is_name(name):
        raise RegistryError(f"A {what} cannot be called '{name[:100]}'. Use letters, digits, '.', '_' and '-'.")
    return name
