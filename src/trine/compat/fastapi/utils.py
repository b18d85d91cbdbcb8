"""`fastapi.utils`: names for operations."""

import re
from typing import Any


def generate_unique_id(route: Any) -> str:
    """Make an operation id from a route's name, path and method."""
    text = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    return f"{text}_{min(route.methods).lower()}"


def is_body_allowed_for_status_code(status_code: int | str | None) -> bool:
    """Whether an answer of this status may have a body; patterns such as `2XX` may."""
    if status_code is None or not str(status_code).isdecimal():
        return True
    return int(status_code) >= 200 and int(status_code) not in (204, 205, 304)
