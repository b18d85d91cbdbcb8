"""The battery: `app.install(ModelMonitor())` shows what the models of an application do, as it happens."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trine.binding import Depends
from trine.http import HTMLResponse, Request, Response
from trine.http.json import encode_json
from trine.metrics import Collected, Guard, Metrics, MetricsSettings, MetricStore, store_of
from trine.openapi.assets import Asset, serve
from trine.settings import Problem, Settings

from .html import MonitorPage
from .recorder import SECONDS

if TYPE_CHECKING:
    from trine.app import App

    from ..served import ServedModel

_FOLDER = Path(__file__).with_name("assets")
_STYLES = (Asset("uplot.css", _FOLDER), Asset("monitor.css", _FOLDER))
_SCRIPTS = (Asset("uplot.js", _FOLDER), Asset("monitor.js", _FOLDER))
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ModelMonitor:
    """A page with live charts of every model and version: items, batches, waiting, computing, errors, drift.

    It loads nothing from other hosts. Who may see it says `TRINE_METRICS_TOKEN` (the password that a browser asks for), or
    `dependencies`. It brings `Metrics` along where none are installed.
    """

    def __init__(self, path: str = "/models/monitor", *, dependencies: Sequence[Any] = ()) -> None:
        self.path = path.rstrip("/")
        self.dependencies = list(dependencies)
        self._app: App | None = None

    def setup(self, app: "App") -> None:
        """Add the page, its numbers and its files."""
        self._app = app
        if store_of(app) is None:
            app.install(Metrics(None, requests=False))
        guard = [] if self.dependencies else [Depends(Guard(lambda: app.settings.part(MetricsSettings).token, "models"))]
        allowed = [*guard, *self.dependencies]
        app.get(self.path, include_in_schema=False, versioned=False, name="models-monitor", dependencies=allowed)(self._page)
        app.get(f"{self.path}/data", include_in_schema=False, versioned=False, name="models-data", dependencies=allowed)(
            self._data
        )
        for asset in (*_STYLES, *_SCRIPTS):
            app.add_api_route(
                f"{self.path}/{asset.versioned_name}", serve(asset), methods=["GET"], include_in_schema=False, versioned=False
            )

    def check(self, settings: Settings) -> Sequence[Problem]:
        """Numbers tell a lot about a business."""
        if self.dependencies or (self._app is not None and self._app.settings.part(MetricsSettings).token is not None):
            return []
        hint = "Set TRINE_METRICS_TOKEN, or give dependencies that say who may see it."
        return [Problem("open-monitor", f"Everybody may see the models' page at {self.path}.", hint)]

    async def _page(self, request: Request) -> Response:
        app = self._application
        root = str(request.root_path or app.root_path).rstrip("/") + self.path
        page = MonitorPage(
            application=app.title,
            data=f"{root}/data",
            styles=tuple(f"{root}/{asset.versioned_name}" for asset in _STYLES),
            scripts=tuple(f"{root}/{asset.versioned_name}" for asset in _SCRIPTS),
        )
        return HTMLResponse(page.render(), headers={"content-security-policy": _POLICY, "cache-control": "no-cache"})

    def _data(self) -> Response:
        from ..plugin import models_of

        app = self._application
        store = store_of(app)
        found = _by_name(store) if store is not None else {}
        models = [_tell_model(served, found) for served in models_of(app).values()]
        whole = encode_json({"time": time.time(), "limits": SECONDS, "models": models})
        return Response(whole, headers={"cache-control": "no-store"}, media_type="application/json")

    @property
    def _application(self) -> "App":
        if self._app is None:
            raise RuntimeError("ModelMonitor is not installed. Add app.install(ModelMonitor()).")
        return self._app


def _by_name(store: MetricStore) -> dict[str, Mapping[tuple[str, ...], list[float]]]:
    collected: list[Collected] = store.collect()
    return {one.instrument.name: one.values for one in collected}


def _tell_model(served: "ServedModel", found: Mapping[str, Mapping[tuple[str, ...], list[float]]]) -> dict[str, Any]:
    counted = [version for model, version in found.get("trine_model_items", ()) if model == served.name]
    names = dict.fromkeys([*served.versions, *sorted(counted)])
    return {
        "name": served.name,
        "path": served.path,
        "ready": served.is_ready,
        "replicas": [{"number": one.number, "state": one.state, "device": one.device} for one in served.replicas],
        "versions": [_tell_version(served, version, found) for version in names],
    }


def _tell_version(
    served: "ServedModel", version: str, found: Mapping[str, Mapping[tuple[str, ...], list[float]]]
) -> dict[str, Any]:
    key = (served.name, version)
    nothing = [0.0] * (len(SECONDS) + 2)

    def below(name: str) -> dict[str, float]:
        return {labels[2]: numbers[0] for labels, numbers in found.get(name, {}).items() if labels[:2] == key}

    return {
        "version": version,
        "role": served.role_of(version),
        "items": found.get("trine_model_items", {}).get(key, [0])[0],
        "errors": found.get("trine_model_errors", {}).get(key, [0])[0],
        "queue": found.get("trine_model_queue_seconds", {}).get(key, nothing),
        "inference": found.get("trine_model_inference_seconds", {}).get(key, nothing),
        "shadow": below("trine_model_shadow"),
        "drift": below("trine_model_input_drift"),
        "expects": version in served.expected,
    }
