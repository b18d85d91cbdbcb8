"""Which feature a peer's test is about, read from its path."""

# The first that occurs in the file's name decides, so the special stands before the general.
TOPICS = {
    "request_params": "request parameters",
    "telemetry": "telemetry",
    "opentelemetry": "telemetry",
    "security": "security",
    "websocket": "WebSockets",
    "ws_": "WebSockets",
    "sse": "streams",
    "stream": "streams",
    "limits": "body and form limits",
    "frontend": "front-end fallback",
    "dependenc": "dependencies",
    "depends": "dependencies",
    "concurrency": "dependencies",
    "paramless": "dependencies",
    "form": "forms and files",
    "file": "forms and files",
    "multipart": "forms and files",
    "router": "routers",
    "route": "routers",
    "generate_unique_id": "routers",
    "openapi": "OpenAPI",
    "schema": "OpenAPI",
    "swagger": "OpenAPI",
    "docs": "OpenAPI",
    "additional_": "OpenAPI",
    "webhooks": "OpenAPI",
    "callbacks": "OpenAPI",
    "response": "responses",
    "serialize": "responses",
    "encoder": "responses",
    "exception": "errors",
    "validation_error": "errors",
    "query": "query, path, header, cookie",
    "path": "query, path, header, cookie",
    "header": "query, path, header, cookie",
    "cookie": "query, path, header, cookie",
    "param": "query, path, header, cookie",
    "body": "bodies",
    "union": "bodies",
}


def file_of(test: str) -> str:
    """Return what a test file is about by its name alone: `tests/middleware/test_cors.py` is "middleware: cors"."""
    *folders, name = test.split("::")[0].removeprefix("tests/").removesuffix(".py").split("/")
    return ": ".join([*folders, name.removeprefix("test_").replace("_", " ").strip()])


def group_of(test: str) -> str:
    """Return the feature group of a test id such as `tests/test_query.py::test_query`."""
    parts = test.split("::")[0].split("/")
    if "test_tutorial" in parts:
        return "tutorial: " + parts[parts.index("test_tutorial") + 1].removeprefix("test_").replace("_", " ")
    name = "/".join(parts[1:]).removeprefix("test_")
    return next((topic for piece, topic in TOPICS.items() if piece in name), "everything else")
