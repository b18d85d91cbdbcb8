"""Model serving: one loaded model for all requests, answered in batches."""

from .context import LoadContext
from .declaration import ModelDeclaration
from .infer import WrongResults
from .plugin import Serving, models_of
from .runner import ReplicaStatus, Runner
from .sequence import ActiveSequence
from .served import ServedModel
from .settings import ServingSettings
from .streams import TokenStream

__all__ = [
    "ActiveSequence",
    "LoadContext",
    "ModelDeclaration",
    "ReplicaStatus",
    "Runner",
    "ServedModel",
    "Serving",
    "ServingSettings",
    "TokenStream",
    "WrongResults",
    "models_of",
]
