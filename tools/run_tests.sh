#!/bin/sh
# Runs every test program and script given, as many at a time as there are processors (or TEST_JOBS), shows the output of those
# that fail, and closes with a count of checks.
if [ "${1:-}" != --one ]; then
    counts=$(mktemp)
    trap 'rm -f "$counts"' EXIT
    printf '%s\n' "$@" | xargs -P "${TEST_JOBS:-$(nproc 2>/dev/null || echo 1)}" -I '{}' "$0" --one '{}' "$counts"
    awk '{ passed += $1; failed += $2 } END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 || NR < tests }' \
        tests=$# "$counts"
    exit
fi

# run_tests.sh --one TEST COUNTS: appends a line "passed failed" to COUNTS.
test=$2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
start=$(date +%s)
if [ "${test%.sh}" != "$test" ]; then
    bash "$test" >"$log" 2>&1
else
    "$test" >"$log" 2>&1
fi
status=$?
# Check closes with "100%: Checks: 12, Failures: 0, Errors: 0"; scripts with "12 passed, 0 failed".
checks=$(sed -n 's/.*Checks: \([0-9]*\), Failures.*/\1/p; s/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)
bad=$(sed -n 's/.*Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2/p; s/.* passed, \([0-9]*\) failed.*/\1 0/p' "$log" |
      tail -n 1 | awk '{ print $1 + $2 }')
: "${checks:=0}" "${bad:=0}"
if [ "$status" -ne 0 ] || [ "$checks" -eq 0 ]; then
    [ "$bad" -gt 0 ] || bad=1
    printf 'FAILED  %s (exit %d)\n%s\n' "$test" "$status" "$(sed 's/^/    /' "$log")"
    echo "$((checks > bad ? checks - bad : 0)) $bad" >>"$3"
else
    printf 'ok      %-46s %4d checks %3ds\n' "$test" "$checks" $(($(date +%s) - start))
    echo "$checks 0" >>"$3"
fi
