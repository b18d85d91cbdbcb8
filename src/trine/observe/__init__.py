"""Telemetry: traces, metrics and logs for OpenTelemetry. Install it with `pip install "trine[observe]"`."""

from .attributes import error_type, is_expected
from .plugin import Telemetry
from .requests import ExchangeTelemetry
from .signals import Signals

__all__ = ["ExchangeTelemetry", "Signals", "Telemetry", "error_type", "is_expected"]
