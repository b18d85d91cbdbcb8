#!/usr/bin/env bash
# Install the Chromium that the browser tests drive. Without it they are skipped, and say so; in CI they fail.
set -euo pipefail
if command -v chromium >/dev/null; then
    echo "Chromium is here: $(command -v chromium)"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
else
    echo "Chromium is missing. Install it as root: apt-get install chromium" >&2
    exit 1
fi
