"""`fastapi.middleware.trustedhost`: Starlette's middleware."""

from trine.compat.starlette.middleware.trustedhost import TrustedHostMiddleware

__all__ = ["TrustedHostMiddleware"]
