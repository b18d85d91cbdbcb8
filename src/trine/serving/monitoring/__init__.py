"""What is seen of models: batches and times as metrics, inputs against training data, and a page that draws them."""

from .page import ModelMonitor
from .recorder import ModelRecorder
from .statistics import psi, training_statistics

__all__ = ["ModelMonitor", "ModelRecorder", "psi", "training_statistics"]
