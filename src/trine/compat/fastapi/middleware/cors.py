"""`fastapi.middleware.cors`: Starlette's middleware."""

from trine.compat.starlette.middleware.cors import CORSMiddleware

__all__ = ["CORSMiddleware"]
