"""`fastapi.security.open_id_connect_url`: OpenID Connect."""

from trine.security import OpenIdConnect

__all__ = ["OpenIdConnect"]
