# shellcheck shell=bash
# ./dev build: one meson directory per variant, and the dashboard's bundle. Programs have the failpoints of
# base/failpoint.h: the packages' build has not.

build_options() {
        echo -Dprefix=/usr -Dsysconfdir=/etc -Dlocalstatedir=/var # a directory made before these were the defaults
        case $1 in
        gcc | clang) echo -Dc_args=-DDPIN_FAILPOINTS ;;
        sanitize) echo -Db_sanitize=address,undefined -Dc_args=-DDPIN_FAILPOINTS ;;
        fuzz) echo -Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link ;;
        *) die "no such build: $1" ;;
        esac
}

# Again after packages were installed: what meson did not find before may be there now. A directory that is there
# takes changed options for the compiler from `meson configure` only.
build_setup() {
        local -a options=()

        mapfile -t options < <(build_options "$1" | tr ' ' '\n')
        if [[ -e $2/meson-private/coredata.dat ]]; then
                meson configure "${options[@]}" "$2" || return 1
                options+=(--reconfigure)
        fi
        say "build: meson setup $2 ($3)"
        mkdir -p build
        CC=$3 meson setup "${options[@]}" "$2" >"$2.log" 2>&1 || { tail -n 25 "$2.log" >&2; return 1; }
}

# Packages came, or options, or a test, which meson.build finds by its name.
build_is_stale() {
        local made=$1/build.ninja source

        [[ -e $made ]] || return 0
        for source in build/deps.log tests/dev/build.sh tests/fuzz tests/unit; do
                [[ ! $source -nt $made ]] || return 0
        done
        return 1
}

build_programs() {
        local variant=$1 dir=build/$1 cc=gcc start=$SECONDS
        shift

        case $variant in clang | fuzz) cc=clang ;; esac
        ! build_is_stale "$dir" || build_setup "$variant" "$dir" "$cc" || return 1
        ninja -C "$dir" "$@" || return 1
        say "build: $dir is up to date ($((SECONDS - start)) s)"
}

newer_in_dashboard() { find src/dashboard -name node_modules -prune -o -newer "$1" -print -quit; }

# Bundled again only if something is newer than the bundle.
build_dashboard() {
        local out=$PWD/build/dashboard

        [[ -e src/dashboard/package.json ]] || return 0
        [[ ! -e $out/index.html || $(newer_in_dashboard "$out/index.html") ]] || return 0
        [[ -e src/dashboard/node_modules ]] || die "the dashboard's tools are missing: ./dev deps"
        say "build: dashboard"
        mkdir -p "$out"
        (cd src/dashboard && DPIN_DASHBOARD_OUT=$out npm run --silent build)
}

cmd_build() {
        local variant=gcc arg

        for arg; do
                case $arg in
                --clang) variant=clang ;;
                --sanitize) variant=sanitize ;;
                *) die "build takes --clang or --sanitize, not $arg" ;;
                esac
        done
        deps_install run
        build_programs "$variant"
        build_dashboard
}
