#!/usr/bin/env bash
# Renew the copy of uPlot that src/trine/serving/monitoring/assets/ ships. Needs npm. The same version gives the same bytes.
set -euo pipefail

UPLOT=1.6.32

assets=$(cd "$(dirname "$0")/../src/trine/serving/monitoring/assets" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm pack --silent "uplot@$UPLOT" > /dev/null
tar xzf "uplot-$UPLOT.tgz"
gzip -9 -n < package/dist/uPlot.iife.min.js > "$assets/uplot.js.gz"
cp package/dist/uPlot.min.css "$assets/uplot.css"
{ printf 'uPlot %s (uplot.js.gz, uplot.css)\n\n' "$UPLOT"; cat package/LICENSE; } > "$assets/LICENSE.uplot.txt"
chmod 644 "$assets"/*
ls -l "$assets"
