"""Whether two versions say the same."""

import math
from typing import Any

CLOSE = 1e-3
"""Numbers that differ by so small a part of themselves are the same answer."""


def agree(left: Any, right: Any) -> bool:
    """Whether two outputs say the same: equal words, numbers close to each other, in the same places."""
    left, right = _plain(left), _plain(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=CLOSE, abs_tol=1e-9) or (math.isnan(left) and math.isnan(right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(agree(value, right[key]) for key, value in left.items())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(agree, left, right))
    return bool(left == right)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_fields_set") or hasattr(value, "__dataclass_fields__"):
        return vars(value)
    if hasattr(value, "__struct_fields__"):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    return value.tolist() if hasattr(value, "tolist") else value
