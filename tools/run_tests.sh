#!/bin/sh
# Runs every test program and script given, shows the output of those that fail, and closes with a count of checks.
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for test in "$@"; do
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
        printf 'FAILED  %s (exit %d)\n' "$test" "$status"
        sed 's/^/    /' "$log"
        failed=$((failed + bad))
        passed=$((passed + (checks > bad ? checks - bad : 0)))
    else
        printf 'ok      %-46s %4d checks %3ds\n' "$test" "$checks" $(($(date +%s) - start))
        passed=$((passed + checks))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
