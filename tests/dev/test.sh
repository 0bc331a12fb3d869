# shellcheck shell=bash disable=SC2154 # python comes from dev
# ./dev test: runs suites, adds up what they count. A suite's runner appends "PASSED FAILED SKIPPED" to $counts.

all_suites=(style unit fuzz sim integration fault browser system)
counts=
failed_suites=
failed_logs=()
ended=() # a line for each suite

# All tests of one kind that meson knows: unit, fuzz, sim.
suite_meson() {
        local suite=$1 variant=$2 pattern=$3 log=build/$2/meson-logs/testlog.json
        local -a names=()

        mapfile -t names < <(meson test -C "build/$variant" --list --suite "$suite" 2>/dev/null |
                sed -n 's|.* / ||p' | grep -e "$pattern" || :)
        if [[ ${#names[@]} -eq 0 ]]; then
                say "there is no such test"
                [[ ! $pattern && ! $(find "tests/$suite" -name '*.c' -not -name replay.c) ]]
                return
        fi
        rm -f "$log"
        meson test -C "build/$variant" --no-rebuild --print-errorlogs --num-processes "$(($(nproc) + 1))" \
                --suite "$suite" "${names[@]}" || :
        "$python" tests/dev/count_meson.py "$log" "$counts"
}

# Tests that wait more than they work run several at a time.
suite_python() {
        local jobs=0 seconds=2400

        case $1 in
        integration) jobs=4 ;;
        system) jobs=2 ;;
        esac
        [[ -z ${DPIN_LONG:-} ]] || seconds=6000
        timeout --foreground "$seconds" "$python" tests/dev/run_unittests.py "tests/$1" "$counts" "$3" "$jobs"
}

# One program: its last line counts, N passed, N failed.
suite_program() {
        local out rc=0

        out=$(mktemp)
        "$@" 2>&1 | tee "$out" || rc=$?
        count_program "$rc" "$out" >>"$counts"
        rm -f "$out"
}

suite_browser() { suite_program timeout 900 "$python" tests/browser/run.py; }

# Sanitizers make everything slow: fewer rounds, under less load. A pattern is the one fault to try.
suite_fault() {
        local -a options=()

        [[ ! $3 ]] || options+=("--only=$3")
        [[ $2 != sanitize ]] || options+=(--rounds=2 --rate=400 --peers=20)
        suite_program timeout 14400 "$python" tests/fault/run.py "${options[@]}"
}

# Packages, installed on machines with a systemd of their own; only root can start these, the tests say so.
suite_system() {
        if [[ $EUID -eq 0 ]]; then
                { (cmd_deb) && (cmd_deb --next); } || return 1
                [[ -z ${DPIN_LONG:-} ]] || { (cmd_rpm --check) && (cmd_container); } || return 1
        fi
        suite_python "$@"
}

# A program that fails without counting a failure is one; one that succeeds without counting is one test.
count_program() {
        local count

        count=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 0\4/p' "$2" | tail -n 1)
        [[ $1 -ne 0 || $count ]] || count="1 0 0"
        awk -v rc="$1" '{ print $1 + 0, ($2 + 0 == 0 && rc != 0) ? 1 : $2 + 0, $3 + 0 }' <<<"$count"
}

known_suite() {
        [[ " ${all_suites[*]} " == *" $1 "* ]] || die "no such suite: $1 (there are: ${all_suites[*]})"
}

# Memory of runs that were killed.
remove_orphans() {
        local folder

        for folder in /dev/shm/dpin-test-*; do
                [[ -d /proc/${folder##*-} ]] || rm -rf "$folder"
        done
}

# What tests throw away in the end is in memory if there is plenty, DPIN_MEMORY says where: to make and remove thousands
# of files costs a file system on a disk much more. The databases of the suites need less than 1 GiB at a time.
use_memory() {
        local -a free

        unset DPIN_MEMORY
        mapfile -t free < <(df --output=avail /dev/shm 2>/dev/null | tail -n 1
                awk "/^MemAvailable/ { print \$2 }" /proc/meminfo)
        [[ ${free[0]:-0} -gt $((4 << 20)) && ${free[1]:-0} -gt $((6 << 20)) ]] || return 0
        remove_orphans
        mkdir -m 755 "/dev/shm/dpin-test-$$" || return 0
        export DPIN_MEMORY=/dev/shm/dpin-test-$$
}

# Never fails: a suite that breaks down counts as one failure.
run_suite() {
        local suite=${1%%:*} variant=$2 pattern='' start=$SECONDS name runner
        local before after log

        [[ $1 != *:* ]] || pattern=${1#*:}
        name="$suite ($variant)"
        case $suite in
        style | integration) runner=suite_python ;;
        unit | fuzz | sim) runner=suite_meson ;;
        browser | fault | system) runner=suite_$suite ;;
        esac
        say "" "== $name"
        before=$(sum_counts)
        log=build/logs/$((${#ended[@]} + 1))-$suite-$variant.log
        { DPIN_BUILD=$PWD/build/$variant $runner "$suite" "$variant" "$pattern" || echo 0 1 0 >>"$counts"; } |&
                tee "$log"
        after=$(sum_counts)
        # shellcheck disable=SC2086
        set -- $before $after
        [[ $5 -eq $2 ]] || { failed_suites+=" $suite($variant)"; failed_logs+=("$log"); }
        ended+=("$name: $(($4 - $1)) passed, $(($5 - $2)) failed, $(($6 - $3)) skipped in $((SECONDS - start)) s")
        say "== ${ended[-1]}"
}

sum_counts() { awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$counts"; }

# A build counts as one test: the compilers' warnings are errors.
run_build() {
        say "" "== build ($1)"
        if build_programs "$1"; then
                echo 1 0 0 >>"$counts"
        else
                failed_suites+=" build($1)"
                echo 0 1 0 >>"$counts"
                return 1
        fi
}

run_suites() {
        local variant=$1 suite
        shift

        for suite; do
                run_suite "$suite" "$variant"
        done
}

end_test() {
        end_ahead
        rm -rf "$counts" ${DPIN_MEMORY:+"$DPIN_MEMORY"}
}

run_everything() {
        if run_build gcc; then
                run_suites gcc style unit fuzz sim
                build_ahead
                run_suites gcc integration fault browser
                await_ahead
                run_suites gcc system
        fi
        run_build clang || :
        ! run_build sanitize || run_suites sanitize unit fuzz sim integration fault
}

# What failed is told once more in the end: the beginning of each failure, for who sees only the end of a long run.
show_failures() {
        local log

        for log; do
                say "" "== failed, from $log"
                awk '/^(ok|skip|PASS) / || /^ +[0-9.]+ s, / { shown = 0 }
                        /^FAIL/ { shown = 40; if (++count > 10) exit }
                        shown-- > 0' "$log"
        done
}

print_total() {
        local passed failed skipped

        read -r passed failed skipped < <(sum_counts)
        show_failures "${failed_logs[@]}"
        say "" "${ended[@]}" "all suites: $SECONDS s"
        [[ -z $failed_suites ]] || say "failed in:$failed_suites"
        [[ $((passed + failed)) -gt 0 ]] || { say "nothing was tested"; failed=1; }
        if [[ $skipped -gt 0 ]]; then
                say "$passed passed, $failed failed, $skipped skipped"
        else
                say "$passed passed, $failed failed"
        fi
        [[ $failed -eq 0 ]]
}

cmd_test() {
        local variant='' arg
        local -a suites=()

        for arg; do
                case $arg in
                --long) export DPIN_LONG=1 ;;
                --sanitize) variant=sanitize ;;
                --clang) variant=clang ;;
                -*) die "test takes --long, --sanitize and --clang, not $arg" ;;
                *) known_suite "${arg%%:*}"; suites+=("$arg") ;;
                esac
        done
        export ASAN_OPTIONS=${ASAN_OPTIONS:-halt_on_error=1:abort_on_error=1:detect_leaks=1}
        export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:abort_on_error=1:print_stacktrace=1}
        counts=$(mktemp)
        trap end_test EXIT
        mkdir -p build/logs
        use_memory
        if [[ ${DPIN_LONG:-} ]]; then deps_install long; else deps_install all; fi
        build_dashboard || { failed_suites+=" dashboard"; echo 0 1 0 >>"$counts"; }
        if [[ ${#suites[@]} -gt 0 || $variant ]]; then
                [[ ${#suites[@]} -gt 0 ]] || suites=("${all_suites[@]}")
                ! run_build "${variant:-gcc}" || run_suites "${variant:-gcc}" "${suites[@]}"
        else
                run_everything
        fi
        [[ -z ${DPIN_LONG:-} || ${#suites[@]} -gt 0 ]] || run_fuzz_long
        print_total
}

run_fuzz_long() {
        say "" "== fuzz with libFuzzer"
        if (cmd_fuzz --seconds 60); then
                echo 1 0 0 >>"$counts"
        else
                failed_suites+=" libfuzzer"
                echo 0 1 0 >>"$counts"
        fi
}
