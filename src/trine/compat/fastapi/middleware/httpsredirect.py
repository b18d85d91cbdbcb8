"""`fastapi.middleware.httpsredirect`: Starlette's middleware."""

from trine.compat.starlette.middleware.httpsredirect import HTTPSRedirectMiddleware

__all__ = ["HTTPSRedirectMiddleware"]
