#!/usr/bin/env bash
# Write the lock files anew. Needs uv, and reaches a package index; nothing else here does.
#   tools/lock.sh             keep the versions that still fit
#   tools/lock.sh --upgrade   take the newest
set -euo pipefail
cd "$(dirname "$0")/.."

compile() { # compile NAME ARGUMENTS...: one lock for every supported Python, without a word about where packages came from
    local name=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "tools/lock.sh" --output-file "requirements/$name.lock" "$@"
}

compile base pyproject.toml "$@"
printf 'hatchling>=1.27\neditables>=0.5\n' | compile build - "$@"
compile tests pyproject.toml --extra full --group tests --constraint requirements/base.lock --constraint requirements/build.lock "$@"
compile dev pyproject.toml --extra full --group dev --constraint requirements/base.lock --constraint requirements/build.lock "$@"
# Servers of the tests that Debian does not have: S3, and PostgreSQL with pgvector. The first brings Flask, beside which
# trine.compat.flask does not run: an environment of its own.
printf 'moto[server]>=5.2\npixeltable-pgserver>=0.6\n' | compile servers - "$@"
compile bench pyproject.toml --group bench --constraint requirements/build.lock "$@"
compile serving pyproject.toml --extra models --extra onnx --extra storage --group serving --constraint requirements/base.lock --constraint requirements/build.lock "$@"
compile bench-data pyproject.toml --extra db --extra postgresql --group bench-data --constraint requirements/build.lock "$@"
