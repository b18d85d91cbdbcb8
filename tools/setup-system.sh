#!/usr/bin/env bash
# Install what some tests drive: Chromium and Redis. Without them those tests are skipped, and say so; in CI they fail.
set -euo pipefail

missing=()
want() { # want COMMAND PACKAGE
    if command -v "$1" >/dev/null; then
        echo "$2 is here: $(command -v "$1")"
    else
        missing+=("$2")
    fi
}

want chromium chromium
want redis-server redis-server

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
else
    echo "Missing: ${missing[*]}. Install as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
