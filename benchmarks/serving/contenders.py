"""Who takes part: the command that serves a work, on two processors, with its own batching on and its access log off."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Contender:
    """A command that serves the work of BENCH_WORK, with {port} in it."""

    name: str
    command: tuple[str, ...]
    health: str
    """A path whose answer does not ask the model."""
    environment: dict[str, str] = field(default_factory=dict)
    lists: bool = False
    """Whether a request holds a list."""


_TRINE = ("trine", "run", "benchmarks/serving/apps/trine_app.py", "--port", "{port}", "--no-access-log")
_UVICORN = ("uvicorn", "--port", "{port}", "--no-access-log", "--log-level", "warning")
CONTENDERS = {
    one.name: one
    for one in (
        Contender("trine", _TRINE, "/models/health", {"TRINE_MODELS_RUNNER": "thread"}),
        Contender("trine-process", _TRINE, "/models/health", {"TRINE_MODELS_RUNNER": "process"}),
        Contender("fastapi-def", (*_UVICORN, "benchmarks.serving.apps.fastapi_def:app"), "/health"),
        Contender("fastapi-async", (*_UVICORN, "benchmarks.serving.apps.fastapi_async:app"), "/health"),
        Contender("litserve", ("python", "-m", "benchmarks.serving.apps.litserve_app", "{port}"), "/health"),
        Contender(
            "bentoml",
            ("bentoml", "serve", "benchmarks.serving.apps.bentoml_app:Model", "--port", "{port}", "--api-workers", "1"),
            "/livez",
            {"BENTOML_DO_NOT_TRACK": "True"},
            lists=True,
        ),
        Contender(
            "ray",
            ("python", "-m", "benchmarks.serving.apps.ray_app", "{port}"),
            "/-/healthz",
            {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"},
        ),
    )
}
PEERS_BASE = ("fastapi-def", "fastapi-async")
"""The better of the two counts as FastAPI."""
