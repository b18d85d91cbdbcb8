"""Versions of models, kept on a disk or in a bucket: published once, never changed, checked whenever they are loaded."""

from .manifest import ModelFile, ModelVersion, Release
from .registry import Registry, RegistryError

__all__ = ["ModelFile", "ModelVersion", "Registry", "RegistryError", "Release"]
