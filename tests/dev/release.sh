# shellcheck shell=bash
# Packages are made as anybody would make them: out of the release that `meson dist` makes, without network, without
# node. Work is under build/KIND, where KIND is deb, rpm or container.

# The tree as it is, committed or not: its name, and a commit of it that leaves the checkout alone.
release_tree() {
        local index=$PWD/build/$1/index

        cp "$(git rev-parse --git-path index)" "$index"
        GIT_INDEX_FILE=$index git add -A
        GIT_INDEX_FILE=$index git write-tree
}

release_commit() {
        git -c user.name=dpin -c user.email=dpin@example.org commit-tree "$1" -m release
}

# The version after that of meson.build.
release_next() {
        sed -n "s/^  version: '\([0-9.]*\)',$/\1/p" meson.build | awk -F. -v OFS=. '{ $NF = $NF + 1; print }'
}

# The same tree as the next version: what a test upgrades to.
release_raise() {
        sed -i "s/^  version: '[0-9.]*'/  version: '$2'/" "$1/meson.build"
        sed -i "s/^Version: .*/Version:        $2/" "$1/rpm/dpin.spec"
        printf 'dpin (%s-1) UNRELEASED; urgency=medium\n\n  * Version %s.\n\n -- %s  %s\n\n' "$2" "$2" \
                "dpin developers <dpin@example.org>" "$(date -R)" | cat - "$1/debian/changelog" >"$1/changelog"
        mv "$1/changelog" "$1/debian/changelog"
        git -C "$1" -c user.name=dpin -c user.email=dpin@example.org commit -qam "Version $2"
}

# A clone, since the release is made of what is committed; what is not (tools, bundle) is lent to it.
release_make() {
        local kind=$1 commit as=$3 tree=build/$1/checkout

        commit=$(release_commit "$2")
        git clone -q --shared --no-checkout . "$tree"
        git -C "$tree" checkout -q "$commit"
        [[ -z $as ]] || release_raise "$tree" "$as"
        mkdir "$tree/build"
        ln -s "$PWD/build/dashboard" "$tree/build/dashboard"
        ln -s "$PWD/src/dashboard/node_modules" "$tree/src/dashboard/node_modules"
        meson setup -Dtests=false "$tree/build/dist" "$tree"
        meson dist -C "$tree/build/dist" --no-tests --formats xztar
        cp "$tree"/build/dist/meson-dist/dpin-*.tar.xz "build/$kind"
}

release_version() {
        local release

        release=$(echo "build/$1"/dpin-*.tar.xz)
        release=${release##*/dpin-}
        echo "${release%.tar.xz}"
}

# Prints the end of the log if a step fails.
package_step() {
        local log=build/$1/log
        shift

        ("$@") >>"$log" 2>&1 && return
        tail -n 30 "$log" | cut -c -200 >&2
        die "$1 failed, see $log"
}

# Packages of KIND into folder OUT, as version AS or the tree's own, by function MAKE, which is told OUT. Nothing is
# done for a tree that was packaged there in the same way (HOW) already.
package_build() {
        local kind=$1 out=$2 as=$3 how=$4 make=$5 tree start=$SECONDS

        mkdir -p "build/$kind"
        git rev-parse -q --verify HEAD >/dev/null || die "packages are made from a git checkout"
        tree=$(release_tree "$kind")
        [[ ! -e $out/.tree || $(cat "$out/.tree") != "$tree $how" ]] || { say "$kind: $out is up to date"; return 0; }
        rm -rf "$out" "build/$kind"
        mkdir -p "$out" "build/$kind"
        say "$kind: release, then packages (log: build/$kind/log)"
        package_step "$kind" release_make "$kind" "$tree" "$as"
        package_step "$kind" "$make" "$out"
        echo "$tree $how" >"$out/.tree"
        say "$kind: in $out: $(cd "$out" && echo *) ($((SECONDS - start)) s)"
}
