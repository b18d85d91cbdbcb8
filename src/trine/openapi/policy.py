"""The content security policy of the documentation pages."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit


def content_security_policy(document: Mapping[str, Any], nonce: str = "") -> str:
    """What the pages may load: their own files, and answers of the servers that the document names.

    The nonce is for ReDoc, which writes its styles into the page.
    """
    styles = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    servers = " ".join(["'self'", *sorted(set(_origins(document)))])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src {styles}",
            "img-src 'self' data:",
            f"connect-src {servers}",
            "worker-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origins(document: Mapping[str, Any]) -> Iterator[str]:
    """Give the hosts that "Try it out" and signing in speak to."""
    urls = [server.get("url", "") for server in document.get("servers", [])]
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        urls.append(scheme.get("openIdConnectUrl", ""))
        for flow in scheme.get("flows", {}).values():
            urls.extend((flow.get("tokenUrl", ""), flow.get("refreshUrl", "")))
    for url in urls:
        parts = urlsplit(url or "")
        # A host with a variable, or with a character that would end the directive, is not named.
        if parts.scheme in ("http", "https") and parts.netloc and not set(parts.netloc) & set("{};, '\""):
            yield f"{parts.scheme}://{parts.netloc}"
