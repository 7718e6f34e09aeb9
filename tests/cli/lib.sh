# What the tests of the command line share; sourced from the repository's root. Every check counts, a failed one says what it
# expected and what it got, and `finish` closes the script.
#
#   check NAME COMMAND...              the command succeeds
#   check_into FILE NAME COMMAND...    it succeeds; its standard output goes to FILE
#   check_exit CODE NAME COMMAND...    it exits with CODE; unless CODE is 0, it says exactly one sentence on standard error
#   check_says TEXT                    the last check_exit's standard error contains TEXT
#   check_output NAME TEXT COMMAND...  it succeeds and its standard output contains TEXT
#   check_same NAME A B                two texts are equal
#   json FILE KEY...                   prints a value of the JSON object in FILE's last line
BELLMAN=${BELLMAN:-build/bellman}
passed=0
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

pass() {
    passed=$((passed + 1))
}

fail() { # fail NAME WHY
    failed=$((failed + 1))
    printf 'failed: %s\n%s\n' "$1" "$2" | sed '2,$s/^/    /'
}

check_into() {
    local file=$1 name=$2
    shift 2
    if "$@" >"$file" 2>"$folder/.err"; then
        pass
    else
        fail "$name" "exit $? of: $*
$(tail -n 5 "$folder/.err")"
    fi
}

check() {
    check_into "$folder/.out" "$@"
}

check_exit() {
    local code=$1 name=$2 status=0 lines
    shift 2
    "$@" >"$folder/.out" 2>"$folder/.err" || status=$?
    lines=$(wc -l <"$folder/.err")
    if [ "$status" -ne "$code" ]; then
        fail "$name" "exit $status instead of $code
$(tail -n 5 "$folder/.err")"
    elif [ "$code" -ne 0 ] && { [ "$lines" -ne 1 ] || ! grep -q '^bellman: ' "$folder/.err"; }; then
        fail "$name" "not one sentence on standard error, but $lines lines:
$(head -n 5 "$folder/.err")"
    else
        pass
    fi
}

check_says() {
    if grep -qF -- "$1" "$folder/.err"; then
        pass
    else
        fail "says '$1'" "says: $(cat "$folder/.err")"
    fi
}

check_output() {
    local name=$1 text=$2
    shift 2
    if ! "$@" >"$folder/.out" 2>"$folder/.err"; then
        fail "$name" "failed: $*
$(tail -n 5 "$folder/.err")"
    elif grep -qF -- "$text" "$folder/.out"; then
        pass
    else
        fail "$name" "no '$text' in:
$(head -n 20 "$folder/.out")"
    fi
}

check_same() {
    if [ "$2" = "$3" ]; then
        pass
    else
        fail "$1" "'$2' is not '$3'"
    fi
}

json() {
    local file=$1
    shift
    tail -n 1 "$file" | python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key) if isinstance(value, list) else key]
print(json.dumps(value) if isinstance(value, (dict, list, bool, type(None))) else value)' "$@"
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

# open_display: a screen of our own for windows, gone with the test; what it shows is a file below $folder/screen
open_display() {
    mkdir "$folder/screen"
    Xvfb -displayfd 3 -screen 0 1280x800x24 -fbdir "$folder/screen" 3>"$folder/display" >/dev/null 2>&1 &
    xvfb=$!
    trap 'kill $xvfb 2>/dev/null; rm -rf "$folder"' EXIT
    for _ in $(seq 100); do
        [ -s "$folder/display" ] && break
        sleep 0.1
    done
    DISPLAY=:$(cat "$folder/display")
    export DISPLAY
}
