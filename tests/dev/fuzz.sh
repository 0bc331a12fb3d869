# shellcheck shell=bash
# ./dev fuzz: every fuzz target under libFuzzer with sanitizers. What it finds new is kept in build/fuzz/corpus; an
# input that crashes lies in build/fuzz/crash: fix, and add it to tests/fuzz/corpus/TARGET with a name that says what
# it is.

fuzz_targets() {
        local file

        for file in tests/fuzz/fuzz-*.c; do
                [[ ! -e $file ]] || basename "$file" .c | sed 's/^fuzz-//'
        done
}

fuzz_one() {
        local target=$1 seconds=$2 found=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/$1

        mkdir -p "$found" build/fuzz/crash
        say "== fuzz $target for $seconds s"
        "build/fuzz/tests/fuzz-$target" "-max_total_time=$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
                "-artifact_prefix=build/fuzz/crash/$target-" -print_final_stats=1 -verbosity=1 "$found" "$seeds" \
                2>&1 | { grep -vE '^#[0-9]+.*(NEW|REDUCE|pulse|RELOAD)' || :; }
}

cmd_fuzz() {
        local seconds=60 target failed=0
        local -a targets=()

        while [[ $# -gt 0 ]]; do
                case $1 in
                --seconds) seconds=${2:?--seconds needs a number}; shift ;;
                -*) die "fuzz takes --seconds N and names of targets, not $1" ;;
                *) targets+=("${1#fuzz-}") ;;
                esac
                shift
        done
        [[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(fuzz_targets)
        [[ ${#targets[@]} -gt 0 ]] || { say "there are no fuzz targets yet"; return 0; }
        deps_install all
        build_programs fuzz "${targets[@]/#/tests/fuzz-}" || die "the fuzz build failed"
        for target in "${targets[@]}"; do
                mkdir -p "tests/fuzz/corpus/$target"
                fuzz_one "$target" "$seconds" || { say "fuzz $target: FAILED"; failed=$((failed + 1)); }
        done
        say "$((${#targets[@]} - failed)) targets clean, $failed failed"
        [[ $failed -eq 0 ]]
}
