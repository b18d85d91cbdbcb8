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
    from .registry import ModelVersion as ModelVersion
    from .registry import Registry as Registry
    from .registry import RegistryError as RegistryError
    from .registry import Release as Release

__all__ = [
    "ActiveSequence",
    "LoadContext",
    "ModelDeclaration",
    "ModelFileError",
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
]

_IN_REGISTRY = frozenset({"ModelVersion", "Registry", "RegistryError", "Release"})


def __getattr__(name: str) -> Any:
    # Only who keeps versions loads a storage.
    if name not in _IN_REGISTRY:
        raise AttributeError(f"module 'trine.serving' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.registry"), name)
