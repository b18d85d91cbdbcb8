"""`fastapi.security.base`: what all schemes share."""

from trine.security import SecurityScheme as SecurityBase

__all__ = ["SecurityBase"]
