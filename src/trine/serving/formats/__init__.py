"""Model files: loaded by their format, and never run."""

from .failures import ModelFileError
from .loader import FORMATS, format_of, load_model
from .permission import pickles_allowed

__all__ = ["FORMATS", "ModelFileError", "format_of", "load_model", "pickles_allowed"]
