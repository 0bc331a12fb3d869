# shellcheck shell=bash
# ./dev container: the validator as an image, of Debian's package and the libraries it names. Work is under
# build/container; what is delivered there is dpin-validator.tar, which docker, podman and containerd load.

CONTAINER_USER=10001
CONTAINER_DAY=1440 # minutes; then Debian's libraries are fetched again

# Of this machine, whose libraries the package was linked with: they may name a mirror that can be reached.
container_sources() {
        { grep -lsw "$1" /etc/apt/sources.list.d/*.sources /etc/apt/sources.list || :; } | head -n 1
}

# What the package depends on, less what only systemd uses of it; netbase and base-files for names and folders.
container_libraries() {
        local IFS=,

        # shellcheck disable=SC2046
        printf '%s\n' $(dpkg-deb -f "$1" Depends) | sed 's/^ *//; s/[ (|].*//' | grep -vx -e systemd -e procps
        printf '%s\n' base-files ca-certificates netbase
}

container_root() {
        local deb=$1 root=$2 suite include
        local -a sources=()

        # shellcheck source=/dev/null
        suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
        include=$(container_libraries "$deb" | paste -sd,)
        mapfile -t sources < <(container_sources "$suite")
        mmdebstrap --quiet --variant=extract --include="$include" \
                --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
                --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
                --extract-hook="bash '$PWD/tests/dev/container_root.sh' '$deb' $CONTAINER_USER \"\$1\"" \
                "$suite" "$root" "${sources[@]}"
}

container_make() {
        local deb=$1 version=$2 work=$PWD/build/container name
        local -a tool=(buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run")

        name=localhost/dpin-validator:$version
        export SOURCE_DATE_EPOCH
        SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -S Timestamp)
        mkdir "$work/image"
        cp container/passwd container/group container/nsswitch.conf container/Containerfile "$work/image"
        container_root "$deb" "$work/image/root.tar" || return 1
        # HEALTHCHECK is Docker's: the other format has no place for it.
        "${tool[@]}" bud --isolation chroot --format docker --timestamp "$SOURCE_DATE_EPOCH" \
                --label org.opencontainers.image.title=dpin-validator \
                --label org.opencontainers.image.version="$version" \
                --label org.opencontainers.image.licenses=Apache-2.0 -t "$name" "$work/image" || return 1
        "${tool[@]}" push "$name" "docker-archive:$work/new.tar:$name" || return 1
        mv "$work/new.tar" "$work/dpin-validator.tar"
        rm -rf "$work/storage" "$work/run" "$work/image"
}

container_is_new() {
        local tar=build/container/dpin-validator.tar source

        for source in "$1" container/* tests/dev/container.sh; do
                [[ $tar -nt $source ]] || return 1
        done
        [[ $(find $tar -mmin -$CONTAINER_DAY) ]]
}

cmd_container() {
        local deb version tar=build/container/dpin-validator.tar start=$SECONDS

        [[ $# -eq 0 ]] || die "container takes no arguments"
        [[ $EUID -eq 0 ]] || die "container needs root: an image has files of several users"
        deps_install container
        (cmd_deb) || die "there is no package to make it of"
        deb=$(echo "$PWD"/build/packages/dpin-validator_*.deb)
        version=$(dpkg-deb -f "$deb" Version)
        if ! container_is_new "$deb"; then
                rm -rf build/container
                mkdir -p build/container
                say "container: libraries, then the image (log: build/container/log)"
                package_step container container_make "$deb" "${version%-*}"
        fi
        say "container: $(du -m $tar | cut -f 1) MB ($((SECONDS - start)) s); docker or podman, as README.md says:" \
                "  docker load -i $tar" \
                "  docker run -d -e HUB_WSS_URL=wss://HUB/ws -e PRIVATE_KEY=KEY localhost/dpin-validator:${version%-*}"
}
