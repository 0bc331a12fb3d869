# shellcheck shell=bash
# ./dev fuzz: every fuzz target under libFuzzer with sanitizers, as many at a time as there are processors. What it
# finds new is kept in build/fuzz/corpus; an input that crashes lies in build/fuzz/crash: fix, and add it to
# tests/fuzz/corpus/TARGET with a name that says what it is.

fuzz_targets() {
        local file

        for file in tests/fuzz/fuzz-*.c; do
                [[ ! -e $file ]] || basename "$file" .c | sed 's/^fuzz-//'
        done
}

# Its words go to a file, its exit code to another: several run at once.
fuzz_one() {
        local target=$1 seconds=$2 found=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/$1 log=build/fuzz/log/$1 rc=0

        mkdir -p "$found" "$seeds"
        rm -f "$log".*
        "build/fuzz/tests/fuzz-$target" "-max_total_time=$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
                "-artifact_prefix=build/fuzz/crash/$target-" -print_final_stats=1 "$found" "$seeds" \
                >"$log.txt" 2>&1 </dev/null || rc=$?
        echo "$rc" >"$log.rc"
        [[ $rc -eq 0 ]] || fuzz_finding "$target" "$log.txt"
}

# What went wrong and where the input is kept, without the thousand lines before it.
fuzz_finding() {
        say "== fuzz $1: FAILED, all of it in $2"
        grep -vE '^#[0-9]+[[:space:]]|^INFO:|^stat::' "$2" | head -n 40
        sed -n 's/.*Test unit written to \(.*\)/the input: \1/p' "$2"
}

fuzz_all() {
        local seconds=$1 jobs target running=0
        shift

        jobs=$(nproc)
        for target; do
                if ((running >= jobs)); then
                        wait -n || :
                        running=$((running - 1))
                fi
                say "== fuzz $target for $seconds s"
                fuzz_one "$target" "$seconds" &
                running=$((running + 1))
        done
        wait
}

fuzz_row() {
        local log=build/fuzz/log/$1 rc

        rc=$(cat "$log.rc" 2>/dev/null || echo none)
        awk -v target="$1" -v rc="$rc" '
                /^stat::number_of_executed_units:/ { n = $2 }
                /^stat::average_exec_per_sec:/ { rate = $2 }
                / cov: / { for (i = 2; i < NF; i++) { if ($i ~ /^(cov|ft|corp):$/) seen[$i] = $(i + 1) } }
                END { sub("/.*", "", seen["corp:"])
                      printf "%-20s %12d %8d %6d %6d %7d  %s\n", target, n, rate, seen["cov:"], seen["ft:"],
                             seen["corp:"], rc == "0" ? "clean" : "FAILED" }' "$log.txt"
}

# Fails when a target did.
fuzz_table() {
        local target failed=0

        say "" "$(printf '%-20s %12s %8s %6s %6s %7s  %s' target executions exec/s cov ft corpus result)"
        for target; do
                fuzz_row "$target"
                [[ $(cat "build/fuzz/log/$target.rc") == 0 ]] || failed=$((failed + 1))
        done
        say "$(($# - failed)) targets clean, $failed failed"
        [[ $failed -eq 0 ]]
}

cmd_fuzz() {
        local seconds=60
        local -a targets=()

        if [[ ${1:-} =~ ^[0-9]+$ ]]; then
                seconds=$1
                shift
        fi
        while [[ $# -gt 0 ]]; do
                case $1 in
                --seconds) seconds=${2:?--seconds needs a number}; shift ;;
                -*) die "fuzz takes SECONDS or --seconds N, and names of targets, not $1" ;;
                *) targets+=("${1#fuzz-}") ;;
                esac
                shift
        done
        [[ ${#targets[@]} -gt 0 ]] || mapfile -t targets < <(fuzz_targets)
        deps_install all
        build_programs fuzz "${targets[@]/#/tests/fuzz-}" || die "the fuzz build failed"
        mkdir -p build/fuzz/crash build/fuzz/log
        fuzz_all "$seconds" "${targets[@]}"
        fuzz_table "${targets[@]}"
}
