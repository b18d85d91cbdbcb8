#!/bin/bash
# Run peers' own test suites against trine.compat. The first run downloads each suite and builds two environments.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/python tests/compat/conformance.py "$@"
