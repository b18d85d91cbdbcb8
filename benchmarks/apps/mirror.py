"""The headers that hand-written applications send: the ones that Trine sends, so that both do the same work."""

import json
import os

DEFAULT = [
    ["x-content-type-options", "nosniff"],
    ["x-frame-options", "DENY"],
    ["referrer-policy", "same-origin"],
    ["cross-origin-opener-policy", "same-origin"],
]


def extra_headers() -> list[tuple[str, str]]:
    """Return the headers beside content-type and content-length; the harness passes on those that it saw Trine send."""
    given = os.environ.get("BENCHMARK_HEADERS")
    return [(name, value) for name, value in (json.loads(given) if given else DEFAULT)]
