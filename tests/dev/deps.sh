# shellcheck shell=bash
# ./dev deps: debian/control says what, apt brings it. What another source already provides (node) is left alone.

# Prints the packages of Build-Depends, one a line: for "run" what building and running need, for "deb", "rpm" and
# "container" what making these needs, for "all" what tests need, for "long" everything.
deps_wanted() {
        echo build-essential # Debian policy: never listed, always needed
        sed -n '/^Build-Depends:/,/^$/{/^ /p}' debian/control | awk -v purpose="$1" '
                purpose == "run" && /<!nocheck>/ && !/<pkg\.dpin\.run>/ { next }
                purpose ~ /^(deb|rpm|container)$/ && /<!nocheck>/ && !index($0, "<pkg.dpin." purpose ">") { next }
                /<pkg\.dpin\.rpm>/ && !/<!nocheck>/ && purpose !~ /^(rpm|long)$/ { next }
                /<pkg\.dpin\.container>/ && !/<!nocheck>/ && purpose !~ /^(container|long)$/ { next }
                { name = $1; sub(/[,:(].*/, "", name) }
                name ~ /^debhelper-compat|^dh-/ { if (purpose == "run") next; name = "debhelper" }
                !seen[name]++ { print name }'
}

deps_missing() {
        local have name

        have=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' |
                sed -n 's/^installed //p' | sed 's/([^)]*)//g' | tr -s ', ' '\n' | sort -u)
        for name in $(deps_wanted "$1"); do
                case $name in
                nodejs | npm) ! command -v node >/dev/null || ! command -v npm >/dev/null || continue ;;
                esac
                grep -qxF -- "$name" <<<"$have" || echo "$name"
        done
}

as_root() {
        if [[ $EUID -eq 0 ]]; then
                "$@"
        else
                command -v sudo >/dev/null || die "needs root, or sudo, for: $*"
                sudo "$@"
        fi
}

# One line in five seconds of what apt does; everything goes to the log.
deps_progress() {
        local line n=0 last=$SECONDS

        while IFS= read -r line; do
                printf '%s\n' "$line" >&3
                case $line in
                "Need to get"*) say "deps: ${line,}" ;;
                "Setting up "*) n=$((n + 1)) ;;
                esac
                if ((SECONDS - last >= 5)); then
                        last=$SECONDS
                        say "deps: $SECONDS s, $n packages ready, now: ${line:0:60}"
                fi
        done
}

# Daemons that come with a package (PostgreSQL, nginx) are not started: runs and tests start their own.
deps_apt() {
        local log=build/deps.log policy=/usr/sbin/policy-rc.d rc=0

        mkdir -p build
        say "deps: installing $# packages and what they need (log: $log)"
        if [[ ! -e $policy ]]; then
                printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
                # shellcheck disable=SC2064
                trap "as_root rm -f $policy" EXIT
        fi
        { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
                as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
                        -o Dpkg::Use-Pty=0 install "$@"; } </dev/null 2>&1 | deps_progress 3>"$log" || rc=$?
        [[ ! $(trap -p EXIT) ]] || { trap - EXIT; as_root rm -f "$policy"; }
        [[ $rc -eq 0 ]] || { tail -n 25 "$log" >&2; die "apt-get failed, see above and $log"; }
}

# What a folder's package-lock.json names, into its node_modules.
deps_npm() {
        local lock=$1/package-lock.json stamp=$1/node_modules/.package-lock.json

        [[ -e $lock && ! ($stamp -nt $lock && $stamp -nt $1/package.json) ]] || return 0
        say "deps: npm ci in $1"
        (cd "$1" && npm ci --no-audit --no-fund --loglevel=error) || die "npm ci failed in $1"
        touch "$stamp"
}

deps_install() {
        local missing start=$SECONDS

        if command -v dpkg-query >/dev/null; then
                mapfile -t missing < <(deps_missing "$1")
                [[ ${#missing[@]} -eq 0 ]] || deps_apt "${missing[@]}"
        else
                say "deps: no Debian here, so what debian/control names is taken to be there"
        fi
        deps_npm src/dashboard
        [[ $1 != all && $1 != long ]] || deps_npm tests/browser
        [[ $1 != all && $1 != long ]] || deps_npm tests/integration/webhook
        say "deps: all there ($((SECONDS - start)) s)"
}

cmd_deps() {
        [[ $# -eq 0 ]] || die "deps takes no arguments"
        deps_install all
}
