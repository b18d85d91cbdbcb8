"""What the environment says about metrics."""

from pathlib import Path

from pydantic import SecretStr

from trine.settings import SettingsGroup


class MetricsSettings(SettingsGroup, prefix="TRINE_METRICS_"):
    """Who may read them, and where processes meet."""

    token: SecretStr | None = None
    """What scrapers and people must know; without it everybody may look, which production refuses."""
    folder: Path | None = None
    """Where every worker leaves its numbers. `trine run` needs none; servers that start each worker anew do."""
