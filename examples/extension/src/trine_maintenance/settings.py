"""What the environment says about maintenance."""

from pathlib import Path

from pydantic import Field

from trine.settings import SettingsGroup


class MaintenanceSettings(SettingsGroup, prefix="MAINTENANCE_"):
    """Where the reason stands, and who gets in nevertheless."""

    file: Path = Path("maintenance.txt")
    """While this file exists, the application is closed. Its text is the reason."""
    open_paths: tuple[str, ...] = ("/health",)
    """Paths that are answered nevertheless, with everything below them."""
    retry_after: int = Field(default=300, ge=1)
    """Seconds after which clients may ask again."""
