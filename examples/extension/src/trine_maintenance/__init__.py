"""Close an application for maintenance, and open it again, without a restart."""

from .plugin import Maintenance, maintenance_changed
from .settings import MaintenanceSettings

__all__ = ["Maintenance", "MaintenanceSettings", "maintenance_changed"]
