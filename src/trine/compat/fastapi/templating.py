"""`fastapi.templating`: pages from Jinja2 templates."""

from trine.compat.starlette.templating import Jinja2Templates

__all__ = ["Jinja2Templates"]
