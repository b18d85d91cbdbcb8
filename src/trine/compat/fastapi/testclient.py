"""`fastapi.testclient`: the test client."""

from trine.compat.starlette.testclient import TestClient

__all__ = ["TestClient"]
