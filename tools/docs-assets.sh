#!/usr/bin/env bash
# Renew the copies of Swagger UI and ReDoc that src/trine/openapi/assets/ ships. Needs npm. The same versions give the same bytes.
set -euo pipefail

SWAGGER_UI=5.35.0
REDOC=2.5.4  # 2.x: ReDoc 3 is twice as large

assets=$(cd "$(dirname "$0")/../src/trine/openapi/assets" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for package in "swagger-ui-dist@$SWAGGER_UI" "redoc@$REDOC"; do
    npm pack --silent "$package" > /dev/null
    mkdir "${package%@*}"
    tar xzf "${package%@*}"-*.tgz -C "${package%@*}" --strip-components=1
done

patch() { # patch FILE BEFORE AFTER: replace a text that occurs exactly once
    [ "$(grep -oF -- "$2" "$1" | wc -l)" = 1 ] || { echo "$1 does not have once: $2" >&2; exit 1; }
    BEFORE=$2 AFTER=$3 perl -0pi -e 's/\Q$ENV{BEFORE}\E/$ENV{AFTER}/' "$1"
}
# ReDoc takes no image from another host, and writes its styles with the nonce of its own script element.
patch redoc/bundles/redoc.standalone.js 'https://cdn.redoc.ly/redoc/logo-mini.svg' 'data:,'
patch redoc/bundles/redoc.standalone.js 'r.nc=void 0' 'r.nc=document.currentScript.nonce'

ship() { # without source maps, which are not shipped
    sed -e '/^\/[/*]# sourceMappingURL=/d' -e 's|\\n//# sourceMappingURL=[0-9a-f]*\.worker\.js\.map||' "$1" | gzip -9 -n > "$assets/$2.gz"
}
ship swagger-ui-dist/swagger-ui-bundle.js swagger-ui.js
ship swagger-ui-dist/swagger-ui.css swagger-ui.css
ship redoc/bundles/redoc.standalone.js redoc.js

cp swagger-ui-dist/oauth2-redirect.js "$assets/oauth2-redirect.js"
{
    printf 'Swagger UI %s (swagger-ui.js.gz, swagger-ui.css.gz, oauth2-redirect.js)\n\n' "$SWAGGER_UI"
    cat swagger-ui-dist/NOTICE swagger-ui-dist/LICENSE
    printf '\n\nParts of other projects in swagger-ui.js\n\n'
    cat swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt
} > "$assets/LICENSE.swagger-ui.txt"
{
    printf 'ReDoc %s (redoc.js.gz; changed: no image from another host, styles with a nonce)\n\n' "$REDOC"
    cat redoc/LICENSE
    printf '\n\nParts of other projects in redoc.js\n\n'
    cat redoc/bundles/redoc.standalone.js.LICENSE.txt
} > "$assets/LICENSE.redoc.txt"
chmod 644 "$assets"/*
ls -l "$assets"
