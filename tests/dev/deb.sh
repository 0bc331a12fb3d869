# shellcheck shell=bash
# ./dev deb: Debian's packages of the release, into build/packages.

deb_make() {
        local out=$PWD/$1 version

        version=$(release_version deb)
        cp "build/deb/dpin-$version.tar.xz" "build/deb/dpin_$version.orig.tar.xz"
        tar -C build/deb -xf "build/deb/dpin-$version.tar.xz"
        cd "build/deb/dpin-$version" || return 1
        env CCACHE_DIR="${CCACHE_DIR:-$HOME/.cache/ccache}" http_proxy=http://127.0.0.1:9 \
                https_proxy=http://127.0.0.1:9 dpkg-buildpackage -us -uc -J"$(nproc)"
        mv ../dpin*_* "$out"
}

cmd_deb() {
        local out=build/packages as='' check=0 arg

        for arg; do
                case $arg in
                --check) check=1 ;;
                --next) as=$(release_next); out=build/packages-next ;;
                *) die "deb takes --check and --next, not $arg" ;;
                esac
        done
        deps_install deb
        build_dashboard
        export DEB_BUILD_OPTIONS='' DEB_BUILD_PROFILES=''
        ((check)) || DEB_BUILD_OPTIONS=nocheck DEB_BUILD_PROFILES=nocheck
        package_build deb "$out" "$as" "$DEB_BUILD_OPTIONS" deb_make
}
