#!/usr/bin/env bash
# Install what some tests drive: Chromium, Redis, PostgreSQL and MariaDB. Without them those tests are skipped, and say so; in CI
# they fail. Servers that already run are used as they are; otherwise the tests start private ones.
set -euo pipefail

missing=()
want() { # want PACKAGE PROGRAM...: one of the programs, on the PATH or at a place of its own
    local package=$1 found
    shift
    found=$(command -v "$@" 2>/dev/null | head -1) || true
    [ -n "$found" ] || found=$(compgen -G "$1" | head -1) || true
    if [ -n "$found" ]; then
        echo "$package is here: $found"
    else
        missing+=("$package")
    fi
}

want chromium chromium chromium-browser
want redis-server redis-server valkey-server
want postgresql '/usr/lib/postgresql/*/bin/initdb' initdb
want mariadb-server /usr/sbin/mariadbd mariadbd

# The accessibility checks of pages, at a pinned version; node is no part of Trine.
cd "$(dirname "$0")/.."
if [ ! -f .tools/node_modules/axe-core/axe.min.js ]; then
    if command -v npm >/dev/null; then
        npm install --prefix .tools --no-save --no-audit --no-fund --ignore-scripts axe-core@4.14.1
    else
        echo "axe-core needs npm: the accessibility of pages is not checked here." >&2
    fi
fi

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    case " ${missing[*]} " in *" postgresql "*)
        # Vectors in PostgreSQL: not every release of Debian has the package.
        version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
        if apt-cache show "postgresql-$version-pgvector" >/dev/null 2>&1; then missing+=("postgresql-$version-pgvector"); fi
        ;;
    esac
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
else
    echo "Missing: ${missing[*]}. Install as root: apt-get install ${missing[*]}" >&2
    exit 1
fi
