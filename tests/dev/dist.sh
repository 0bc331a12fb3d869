#!/bin/sh
# For `meson dist`: a release carries the dashboard's bundle, and the licences of what is in it.
set -eu
bundle=$MESON_SOURCE_ROOT/build/dashboard
tools=$MESON_SOURCE_ROOT/src/dashboard/node_modules
out=$MESON_DIST_ROOT/src/dashboard/bundle

[ -e "$bundle/index.html" ] || { echo "dist: no dashboard to carry: ./dev build makes it" >&2; exit 1; }
mkdir -p "$out"
cp "$bundle"/* "$out"
for package in @preact/signals @preact/signals-core preact uplot; do
        echo "== $package"
        cat "$tools/$package/LICENSE"
done >"$out/LICENSES"
