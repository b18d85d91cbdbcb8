"""The battery: `app.model(...)` installs it when the first model is declared."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from trine.errors import HTTPException, SetupError
from trine.metrics import store_of
from trine.settings import Problem, Settings
from trine.types import ModelOptions

from .declaration import read_declaration, remember
from .place import ModelPlace
from .routes import model_router
from .served import ServedModel
from .settings import ServingSettings
from .statistics_file import read_statistics

if TYPE_CHECKING:
    from trine.app import App

    from .monitoring.recorder import ModelRecorder
    from .registry import ModelVersion
    from .versions.follow import ReleaseFollower

M = TypeVar("M", bound=Callable[..., Any])

_batteries: "WeakKeyDictionary[App, Serving]" = WeakKeyDictionary()


class Serving(Mapping[str, ServedModel]):
    """The models of an application by name. Starts them with it, and tells whether they can answer.

    `health` answers as soon as the web process does; `ready` once every model has a copy that can answer, and 503 before.
    """

    def __init__(self, *, health: str = "/models/health", ready: str = "/models/ready") -> None:
        self.health = health
        self.ready = ready
        self._models: dict[str, ServedModel] = {}
        self._app: App | None = None
        self._recorder: ModelRecorder | None = None
        self._followers: list[ReleaseFollower] = []

    def setup(self, app: "App") -> None:
        """Start and stop the models with an application, and answer for their health."""
        if app in _batteries:
            raise SetupError("Models were declared before Serving was installed.", hint="Install it first, or leave it out.")
        _batteries[app] = self
        self._app = app
        app.on_event("startup")(self._start)
        app.on_event("shutdown")(self._stop)
        app.get(self.health, include_in_schema=False, versioned=False, name="models-health")(self._tell_health)
        app.get(self.ready, include_in_schema=False, versioned=False, name="models-ready")(self._tell_ready)

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Name the models that may unpickle."""
        return [
            Problem(
                "pickled-model",
                f"The model {name} may unpickle files: whoever can write them can run code in this server.",
                "Save it as .onnx, .safetensors or .skops, and remove allow_pickle=True.",
                served.declaration.where,
            )
            for name, served in self._models.items()
            if served.declaration.options.get("allow_pickle")
        ]

    @property
    def app(self) -> "App":
        """The application whose models these are."""
        if self._app is None:
            raise RuntimeError("Serving is not installed. Add app.install(Serving()).")
        return self._app

    @property
    def settings(self) -> ServingSettings:
        """What the environment says."""
        return self.app.settings.part(ServingSettings)

    def _completed(self, options: ModelOptions) -> ModelOptions:
        """The options, with the registry of the settings where a model asks for it."""
        return {**options, "registry": self.settings.registry} if options.get("registry") is True else options

    def declare(self, path: str, options: ModelOptions) -> Callable[[M], M]:
        """Serve a class or function below a path."""

        def register(source: M) -> M:
            declaration = read_declaration(source, self._completed(options))
            if declaration.name in self._models:
                hint = "Give one of them another name: app.model(path, name=...)."
                raise SetupError(f"There are two models called {declaration.name}.", hint=hint, where=declaration.where)
            remember(declaration)
            place = ModelPlace(declaration, self)
            served = ServedModel(declaration, path, place.new_runner)
            self._models[declaration.name] = served
            self.app.companions.extend(place.companions())
            self.app.include_router(model_router(served))
            return source

        return register

    async def _start(self) -> None:
        self._record()
        for served in self._models.values():
            await served.start()
            if served.declaration.registry is not None:
                from .versions.follow import ReleaseFollower

                follower = ReleaseFollower(
                    served,
                    served.declaration.registry,
                    seconds=self.settings.refresh,
                    on_version=partial(self._expect_version, served),
                )
                self._followers.append(follower)
                await follower.start()

    async def refresh(self) -> None:
        """Look now whether the registries want other versions to answer. Every few seconds it is done anyway."""
        for follower in self._followers:
            await follower.look()

    def _record(self) -> None:
        """Count what the models do, where the application counts at all."""
        store = store_of(self.app)
        if store is None:
            return
        if self._recorder is None:
            from .monitoring.recorder import ModelRecorder

            self._recorder = ModelRecorder(store, self._models)
            self.app.events.watch_batches(self._recorder.note_batch)
        self._recorder.start()
        for served in self._models.values():
            served.on_shadow = partial(self._recorder.note_shadow, served.name)
            statistics = read_statistics(served.declaration.options.get("statistics"), served.declaration.where)
            if statistics is not None:
                self._recorder.watch_inputs(served, served.default_version, statistics)

    def _expect_version(self, served: ServedModel, known: "ModelVersion") -> None:
        if self._recorder is not None and known.statistics:
            self._recorder.watch_inputs(served, known.version, known.statistics)

    async def _stop(self) -> None:
        followers, self._followers = self._followers, []
        for follower in followers:
            await follower.stop()
        if self._recorder is not None:
            self._recorder.stop()
        for served in self._models.values():
            await served.stop()

    async def _tell_health(self) -> dict[str, str]:
        return {"status": "ok"}

    async def _tell_ready(self) -> dict[str, str]:
        waited_for = [name for name, served in self._models.items() if not served.is_ready]
        if waited_for:
            raise HTTPException(503, f"Not ready: {', '.join(waited_for)}.", {"retry-after": "1"})
        return {"status": "ready"}

    def __getitem__(self, name: str) -> ServedModel:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)


def models_of(app: "App") -> Serving:
    """Give the models of an application by name, to be asked from handlers: `await models["chars"].predict(text)`."""
    serving = _batteries.get(app)
    if serving is None:
        serving = Serving()
        app.install(serving)
    return serving
