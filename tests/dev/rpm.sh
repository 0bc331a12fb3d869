# shellcheck shell=bash
# ./dev rpm: Fedora's packages of the release, into build/rpms. Where rpm knows no systemd, as Debian's, it is told;
# what is built there proves the spec and is for this machine's libraries: Fedora builds its own of the source package.

rpm_macros() {
        [[ -n $(rpm --eval '%{?_unitdir}') ]] || echo "--load=$PWD/tests/dev/fedora.macros"
}

rpm_make() {
        local out=$PWD/$1 top=$PWD/build/rpm/top
        local -a options=(--define "_topdir $top" --define "_sourcedir $PWD/build/rpm")

        mapfile -t -O "${#options[@]}" options < <(rpm_macros)
        [[ ! -e /etc/debian_version ]] || options+=(--nodeps --define 'debug_package %{nil}')
        [[ $RPM_CHECK ]] || options+=(--nocheck)
        env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
                rpmbuild -ba "${options[@]}" build/rpm/checkout/rpm/dpin.spec
        mv "$top"/RPMS/*/*.rpm "$top"/SRPMS/*.rpm "$out"
}

cmd_rpm() {
        RPM_CHECK=''
        case ${1:-} in
        '') ;;
        --check) RPM_CHECK=check ;;
        *) die "rpm takes --check, not $1" ;;
        esac
        deps_install rpm
        build_dashboard
        package_build rpm build/rpms '' "$RPM_CHECK" rpm_make
}
