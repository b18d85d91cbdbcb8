#!/usr/bin/env bash
# Make a virtual environment and install locked packages into it: tools/venv.sh FOLDER LOCK...
# Needs Python 3.11 or newer and nothing else. PYTHON names the interpreter when several are there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    say "Trine needs Python 3.11 or newer, and ${PYTHON:-python3} is not."
    say "Install it (Debian and Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12"
    exit 1
}

# Debian and Ubuntu ship Python without ensurepip: `python3 -m venv` fails there until python3-venv is installed.
make_venv() {
    local python=$1 folder=$2 log version
    log=$(mktemp)
    if "$python" -m venv --clear "$folder" >"$log" 2>&1; then return; fi
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Python has no ensurepip here: installing python$version-venv"
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "python$version-venv" ca-certificates >&2
        "$python" -m venv --clear "$folder"
    elif command -v uv >/dev/null; then
        uv venv --quiet --clear --seed --python "$(command -v "$python")" "$folder"
    else
        cat "$log" >&2
        say "Python cannot make a virtual environment here. Install the missing part, then run make again:"
        say "    sudo apt-get install python$version-venv"
        exit 1
    fi
}

folder=$1
shift
python=$(find_python)
# An environment that works is kept: only what changed in the lock files is installed again.
if ! is_new_enough "$folder/bin/python" || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    say "Making $folder with $("$python" --version)"
    make_venv "$python" "$folder"
fi

pip() { "$folder/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
say "Installing from $* into $folder"
locks=()
for lock in "$@"; do locks+=(--requirement "$lock"); done
# The locks are whole: nothing has to be resolved, which older versions of pip cannot do by hashes where extras are asked for.
# Python compiles what is imported: most of what is installed never is.
pip install --no-compile --no-deps --require-hashes "${locks[@]}"
pip install --no-deps --no-build-isolation --editable .
