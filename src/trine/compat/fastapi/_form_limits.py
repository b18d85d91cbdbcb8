"""The name under which programs annotate `form_limits`."""

from .limits import FormLimits as _FormLimits

__all__ = ["_FormLimits"]
