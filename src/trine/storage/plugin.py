"""The battery: `storages = Storages()`, then `app.install(storages)`."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trine.errors import SetupError
from trine.settings import Problem, Settings, check_secret_key

from .links import LinkSigner
from .routes import add_routes
from .settings import StorageOptions, StorageSettings
from .storage import Storage

if TYPE_CHECKING:
    from trine.app import App

_current: "Storages | None" = None


class Storages:
    """The storages of an application, by name: `storages.default`, `storages["media"]`.

    What is not said here comes from the settings, `TRINE_STORAGE_URL` first of all: `Storages("s3://files", media="s3://media")`.
    """

    def __init__(self, url: str | None = None, **others: str | StorageOptions) -> None:
        self._url = url
        self._others = {name: StorageOptions(url=said) if isinstance(said, str) else said for name, said in others.items()}
        self._app: App | None = None
        self._opened: dict[str, Storage] = {}

    def setup(self, app: "App") -> None:
        """Attach to an application: its settings count, and it answers the links of stores that sign none themselves."""
        global _current  # noqa: PLW0603 - models look their storages up by name
        self._app = app
        _current = self
        add_routes(app, self)
        app.on_event("startup")(self.open_all)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Links and direct uploads are signed."""
        return check_secret_key(settings, "Storages")

    @cached_property
    def settings(self) -> StorageSettings:
        """What the environment says."""
        return StorageSettings.load() if self._app is None else self._app.settings.part(StorageSettings)

    @cached_property
    def links(self) -> LinkSigner:
        """What signs the application's own links."""
        return LinkSigner(Settings.load() if self._app is None else self._app.settings)

    @property
    def default(self) -> Storage:
        """The storage for everything that names none."""
        return self["default"]

    @property
    def named(self) -> Mapping[str, StorageOptions]:
        """Every storage that was declared, here or in the settings."""
        settings = self.settings
        own = StorageOptions(url=self._url or settings.url, options=settings.options, public_url=settings.public_url)
        return {"default": own, **settings.others, **self._others}

    def __getitem__(self, name: str) -> Storage:
        found = self._opened.get(name)
        if found is None:
            found = self._opened[name] = self._open(name)
        return found

    def open_all(self) -> None:
        """Open every storage, so that a mistake in a URL stops the start."""
        for name in self.named:
            _ = self[name]

    def _open(self, name: str) -> Storage:
        said = self.named.get(name)
        if said is None:
            raise SetupError(
                f"There is no storage '{name}'.", hint=f"There are {', '.join(self.named)}: see TRINE_STORAGE_OTHERS."
            )
        opened = Storage(said.url, options=said.options, public_url=said.public_url, name=name)
        opened.own_links = lambda: self.links
        opened.own_path = self._root_path + self.settings.path
        opened.link_seconds = self.settings.link_seconds
        opened.max_upload = self.settings.max_upload
        return opened

    @property
    def _root_path(self) -> str:
        app: Any = self._app
        return "" if app is None else str(app.root_path).rstrip("/")


def get_storage(name: str = "default") -> Storage:
    """A storage of the battery that was installed last; without one, as the settings say."""
    global _current  # noqa: PLW0603 - see setup()
    if _current is None:
        _current = Storages()
    return _current[name]
