#!/usr/bin/env bash
# Run the quick tests on the supported Pythons that are here, besides the one in .venv. A version that is missing is named and skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

find_version() {
    local candidate
    for candidate in "python$1" "$HOME/.pyenv/versions/$1".*/bin/python "$HOME/.local/share/uv/python/cpython-$1"*/bin/python3; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

failed=()
used=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in 3.11 3.12 3.13; do
    [ "$version" = "$used" ] && continue
    python=$(find_version "$version")
    if [ -z "$python" ]; then
        echo "Python $version: skipped, it is not installed here"
        continue
    fi
    folder=.tools/python$version
    stamp=$folder/.ready
    if [ ! -e "$stamp" ] || [ requirements/tests.lock -nt "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
        PYTHON=$python tools/venv.sh "$folder" requirements/build.lock requirements/tests.lock
        touch "$stamp"
    fi
    echo "Python $version:"
    # The rooms' own tests. Whole stories, peers' suites, the programs of the documentation and the house's rules do not depend on the
    # version. Both wires are tried on the first Python, and one on each of the others: they differ in Trine, not in Python.
    wire=asgi
    [ "$version" = 3.12 ] && wire=rsgi
    "$folder/bin/python" -m pytest -q -p no:cacheprovider -n "${WORKERS:-2}" --dist worksteal -m "not slow and not browser and not network" -k "not [$wire" \
        --ignore=tests/compat --ignore=tests/docs --ignore=tests/examples --ignore=tests/house --ignore=tests/journeys --ignore=tests/properties \
        --ignore-glob="tests/server/test_run*" "$@" \
        || failed+=("$version")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "Failed on Python: ${failed[*]}"
    exit 1
fi
