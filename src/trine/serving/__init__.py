"""Model serving: one loaded model for all requests, answered in batches."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .context import LoadContext
from .declaration import ModelDeclaration
from .formats import ModelFileError, load_model
from .infer import WrongResults
from .plugin import Serving, models_of
from .runner import ReplicaStatus, Runner
from .sequence import ActiveSequence
from .served import ServedModel
from .settings import ServingSettings
from .streams import TokenStream

if TYPE_CHECKING:
    from .monitoring import ModelMonitor as ModelMonitor
    from .monitoring import psi as psi
    from .monitoring import training_statistics as training_statistics
    from .registry import ModelVersion as ModelVersion
    from .registry import Registry as Registry
    from .registry import RegistryError as RegistryError
    from .registry import Release as Release

__all__ = [
    "ActiveSequence",
    "LoadContext",
    "ModelDeclaration",
    "ModelFileError",
    "ModelMonitor",
    "ModelVersion",
    "Registry",
    "RegistryError",
    "Release",
    "ReplicaStatus",
    "Runner",
    "ServedModel",
    "Serving",
    "ServingSettings",
    "TokenStream",
    "WrongResults",
    "load_model",
    "models_of",
    "psi",
    "training_statistics",
]

_LATER = {
    **dict.fromkeys(("ModelVersion", "Registry", "RegistryError", "Release"), "registry"),
    **dict.fromkeys(("ModelMonitor", "psi", "training_statistics"), "monitoring"),
}


def __getattr__(name: str) -> Any:
    # Only who keeps versions loads a storage, and only who looks at models what draws them.
    if name not in _LATER:
        raise AttributeError(f"module 'trine.serving' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
