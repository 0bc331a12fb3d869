# shellcheck shell=bash
# What later suites of ./dev test need is made while earlier ones wait. Who needs it then finds it made, or makes it
# again and says what is wrong.

ahead=() # leaders of the sessions that are at work

# A shell command, by processes that take only the CPU nobody else wants: no session of a test either.
run_idle() {
        setsid bash -c "echo 19 >/proc/self/autogroup; chrt --idle --pid 0 \$\$; $2" >"build/logs/$1.log" 2>&1 &
        ahead+=($!)
}

build_ahead() {
        [[ $EUID -ne 0 ]] || run_idle packages './dev deb && ./dev deb --next'
        run_idle builds './dev build --clang && ./dev build --sanitize'
}

await_ahead() {
        [[ ${#ahead[@]} -eq 0 ]] || wait "${ahead[@]}" || :
        ahead=()
}

end_ahead() {
        local leader

        for leader in "${ahead[@]}"; do
                kill -- "-$leader" 2>/dev/null || :
        done
}
