# shellcheck shell=bash disable=SC2154 # python comes from dev
# ./dev lint: what can be said about the sources without running them.

c_files() { find src tests -name node_modules -prune -o -name '*.[ch]' -print | sort; }

# Whether the files are well formatted is asked by the style suite; this mends them.
lint_fix() {
        local -a files

        mapfile -t files < <(c_files)
        [[ $(clang-format --version 2>/dev/null) =~ version\ 14 ]] ||
                die "needs clang-format 14: other versions lay out differently"
        clang-format -i "${files[@]}"
        say "format: ${#files[@]} files"
}

lint_shell() {
        command -v shellcheck >/dev/null || { say "shellcheck: skipped, not installed"; return 0; }
        shellcheck -x dev .ci/run tests/dev/*.sh && say "shellcheck: clean"
}

lint_man() {
        local -a pages=()

        mapfile -t pages < <(find src/man -name '*.[1578]' 2>/dev/null | sort)
        [[ ${#pages[@]} -gt 0 ]] || return 0
        command -v mandoc >/dev/null || { say "mandoc: skipped, not installed"; return 0; }
        mandoc -T lint -W warning "${pages[@]}" && say "mandoc: ${#pages[@]} pages clean"
}

cmd_lint() {
        local fix=${1:-} failed=0

        [[ -z $fix || $fix == --fix ]] || die "lint takes --fix, not $fix"
        deps_install all
        [[ -z $fix ]] || lint_fix
        lint_shell || failed=1
        lint_man || failed=1
        build_programs gcc || failed=1
        DPIN_BUILD=$PWD/build/gcc "$python" tests/dev/run_unittests.py tests/style /dev/null "" || failed=1
        [[ $failed -eq 0 ]] && say "lint: clean"
}
