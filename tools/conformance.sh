#!/bin/bash
# Run FastAPI's own test suite against trine.compat. The first run downloads the suite and builds two environments.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python tests/compat/conformance.py "$@"
