"""Training statistics that stand beside a model, and not in a registry."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trine.errors import SetupError


def read_statistics(said: Any, where: str) -> Mapping[str, Any] | None:
    """Give the statistics that a declaration holds, or names a file of; None where it does neither. Raises `SetupError`."""
    if said is None:
        return None
    try:
        found = json.loads(Path(said).read_bytes()) if isinstance(said, str | Path) else said
    except (OSError, ValueError) as error:
        raise SetupError(f"The training statistics in {said} cannot be read: {error}", where=where) from error
    if not isinstance(found, Mapping) or not isinstance(found.get("features"), Mapping):
        hint = "Give what training_statistics() gave, or a JSON file with it."
        raise SetupError("The training statistics of a model have no features.", hint=hint, where=where)
    return found
