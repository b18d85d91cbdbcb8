"""`fastapi.logger`: where FastAPI's own lines go."""

import logging

logger = logging.getLogger("fastapi")
