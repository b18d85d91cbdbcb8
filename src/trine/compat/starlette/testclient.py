"""`starlette.testclient`: the test client."""

from scratch_tc import TestClient, WebSocketDenialResponse

__all__ = ["TestClient", "WebSocketDenialResponse"]
