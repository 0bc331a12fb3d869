# shellcheck shell=bash disable=SC2154 # python comes from dev
# ./dev deb: the release that `meson dist` makes, then packages out of it, as anybody with that file would make them:
# without network, without node. Work is under build/deb, packages come to build/packages.

# The tree as it is, committed or not: its name, and a commit of it that leaves the checkout alone.
deb_tree() {
        local index=$PWD/build/deb/index

        cp "$(git rev-parse --git-path index)" "$index"
        GIT_INDEX_FILE=$index git add -A
        GIT_INDEX_FILE=$index git write-tree
}

deb_commit() {
        git -c user.name=dpin -c user.email=dpin@example.org commit-tree "$1" -m release
}

# The same tree as the next version: what a test upgrades to.
deb_raise() {
        sed -i "s/^  version: '[0-9.]*'/  version: '$2'/" "$1/meson.build"
        printf 'dpin (%s-1) UNRELEASED; urgency=medium\n\n  * Version %s.\n\n -- %s  %s\n\n' "$2" "$2" \
                "dpin developers <dpin@example.org>" "$(date -R)" | cat - "$1/debian/changelog" >"$1/changelog"
        mv "$1/changelog" "$1/debian/changelog"
        git -C "$1" -c user.name=dpin -c user.email=dpin@example.org commit -qam "Version $2"
}

# A clone, since the release is made of what is committed; what is not (tools, bundle) is lent to it.
deb_release() {
        local commit as=$2 tree=build/deb/checkout

        commit=$(deb_commit "$1")
        rm -rf "$tree"
        git clone -q --shared --no-checkout . "$tree"
        git -C "$tree" checkout -q "$commit"
        [[ -z $as ]] || deb_raise "$tree" "$as"
        mkdir "$tree/build"
        ln -s "$PWD/build/dashboard" "$tree/build/dashboard"
        ln -s "$PWD/src/dashboard/node_modules" "$tree/src/dashboard/node_modules"
        meson setup -Dtests=false "$tree/build/dist" "$tree"
        meson dist -C "$tree/build/dist" --no-tests --formats xztar
}

deb_packages() {
        local release version

        release=$(echo build/deb/checkout/build/dist/meson-dist/dpin-*.tar.xz)
        version=${release##*/dpin-}
        version=${version%.tar.xz}
        cp "$release" "build/deb/dpin_$version.orig.tar.xz"
        tar -C build/deb -xf "$release"
        cd "build/deb/dpin-$version" || return 1
        env CCACHE_DIR="${CCACHE_DIR:-$HOME/.cache/ccache}" http_proxy=http://127.0.0.1:9 \
                https_proxy=http://127.0.0.1:9 dpkg-buildpackage -us -uc -J"$(nproc)"
}

# Prints the end of the log if a step fails.
deb_step() {
        ("$@") >>build/deb/log 2>&1 && return
        tail -n 30 build/deb/log | cut -c -200 >&2
        die "$1 failed, see build/deb/log"
}

# Into folder $1, as version $2 or the tree's own. Nothing is done for a tree that is packaged there already.
deb_build() {
        local out=$1 as=$2 tree start=$SECONDS

        mkdir -p build/deb
        git rev-parse -q --verify HEAD >/dev/null || die "packages are made from a git checkout"
        tree=$(deb_tree)
        [[ ! -e $out/.tree || $(cat "$out/.tree") != "$tree $DEB_BUILD_OPTIONS" ]] ||
                { say "deb: $out is up to date"; return 0; }
        rm -rf "$out" build/deb/dpin*
        : >build/deb/log
        say "deb: release, then packages (log: build/deb/log)"
        deb_step deb_release "$tree" "$as"
        deb_step deb_packages
        mkdir -p "$out"
        mv build/deb/dpin*_* "$out"
        echo "$tree $DEB_BUILD_OPTIONS" >"$out/.tree"
        say "deb: $(cd "$out" && echo *.deb | wc -w) packages in $out ($((SECONDS - start)) s)"
}

# The version after that of meson.build.
deb_next() { sed -n "s/^  version: '\([0-9.]*\)',$/\1/p" meson.build | awk -F. -v OFS=. '{ $NF = $NF + 1; print }'; }

cmd_deb() {
        local out=build/packages as='' check=0 arg

        for arg; do
                case $arg in
                --check) check=1 ;;
                --next) as=$(deb_next); out=build/packages-next ;;
                *) die "deb takes --check and --next, not $arg" ;;
                esac
        done
        deps_install deb
        build_dashboard
        export DEB_BUILD_OPTIONS='' DEB_BUILD_PROFILES=''
        ((check)) || DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck
        deb_build "$out" "$as"
}
