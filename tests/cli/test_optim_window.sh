# bellman optim, live: in a terminal, with SDL's dummy driver, and on a display of its own (Xvfb) with a real mouse (xdotool).
. tests/cli/lib.sh

bellman=$(realpath "$BELLMAN")
# What the libraries below SDL keep to themselves is not ours to free; only the sanitizers' build looks.
echo leak:libdbus >"$folder/suppressions"
export LSAN_OPTIONS=suppressions=$folder/suppressions:print_suppressions=0

# ---- in a terminal
in_terminal() {
    python3 tests/cli/terminal.py "$@" </dev/null
}
check_output "a terminal: the table comes when it is closed" "himmelblau from (0, 0), 1000 steps" in_terminal \
    " =paused, =steps/s,+=200 steps/s,-=100 steps/s,f=full speed,h,h,\t,\x1b[C,\x1b[A,\t,q" \
    "$bellman" optim himmelblau --optimizer sgd,adam --terminal
check_output "one step at a time" "stopped at step 2" in_terminal \
    " =paused,n,.,.,q" "$bellman" optim himmelblau --terminal
check_output "escape closes it too" "xsin from (0.7)" in_terminal "\x1b" "$bellman" optim xsin --terminal
check_exit 1 "no terminal" "$bellman" optim himmelblau --terminal </dev/null
lost() {
    in_terminal "f=diverged,q" "$bellman" optim quadratic --optimizer sgd:lr=10 --terminal --quiet >"$folder/table"
}
lost
check_same "one that diverges fails there too" "1 sgd diverged at step 97" "$? $(grep -o 'sgd diverged at step 97' "$folder/table")"

if ! SDL_VIDEODRIVER=dummy "$bellman" optim quadratic --steps 2 --render 2>"$folder/.err" >/dev/null && grep -q "made without SDL2" "$folder/.err"; then
    echo "built without SDL2: windows are not tested"
    finish
fi

# ---- the dummy driver: nobody can close it, so it ends by itself; what is computed is the same
export SDL_VIDEODRIVER=dummy
for function in quadratic xsin sphere:dims=100; do
    check_into "$folder/shown" "$function, shown to nobody" "$bellman" optim $function --optimizer sgd,adam --steps 60 --speed 1000 --render --json --quiet
    check_into "$folder/plain" "$function, not shown" "$bellman" optim $function --optimizer sgd,adam --steps 60 --json --quiet
    check "showing changes nothing" cmp "$folder/shown" "$folder/plain"
done
check "a surface" "$bellman" optim himmelblau --steps 20 --speed 1000 --render --surface --size 300x200 --quiet
check_exit 1 "one that diverges" "$bellman" optim quadratic --optimizer sgd:lr=10 --speed 10000 --render --quiet
check_says "sgd diverged at step 97"
check "nothing to see" "$bellman" optim 'sqrt(x)+y' --start 1,1 --window -3,-1,0,1 --steps 20 --speed 1000 --render --quiet
unset SDL_VIDEODRIVER

# ---- a display of our own
if ! command -v Xvfb >/dev/null || ! command -v xdotool >/dev/null; then
    echo "Xvfb or xdotool is not installed: mouse and keys are not tested"
    finish
fi
open_display

eventually() { # eventually NAME COMMAND...: it comes true within ten seconds
    local name=$1
    shift
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then
            pass
            return
        fi
        sleep 0.1
    done
    fail "$name" "never: $*"
}
screen() {
    cksum <"$folder/screen/Xvfb_screen0"
}
is_drawn() {
    [ "$(tail -c +4000 "$folder/screen/Xvfb_screen0" | tr -d '\0\377' | wc -c)" -gt 100000 ]
}
changes() { # changes NAME COMMAND...: the screen is another after it
    local name=$1 before
    shift
    before=$(screen)
    "$@"
    eventually "$name" sh -c "[ '$before' != \"\$(cksum <'$folder/screen/Xvfb_screen0')\" ]"
    sleep 0.1
}
key() {
    xdotool key --clearmodifiers "$@"
}
ended() {
    ! kill -0 "$1" 2>/dev/null
}
open_window() { # open_window FUNCTION...: its output goes to $folder/table
    (cd "$folder" && exec "$bellman" optim "$@" --render >"$folder/table" 2>"$folder/said") &
    shown=$!
    eventually "a window of $1" is_drawn
    window=$(xdotool search --onlyvisible --name "bellman" | head -n 1)
}
mouse() { # mouse X Y ACTION...: in the window
    xdotool mousemove --window "$window" "$1" "$2" "${@:3}"
    sleep 0.2
}
close_window() { # with q
    key q
    eventually "q closes the window" ended $shown
    wait $shown
    check_same "and that is a proper end" 0 $?
}
start_of() { # the start, as the table says
    sed -n 's/^.* from (\(.*\)), [0-9]* steps$/\1/p' "$folder/table"
}
near() { # near A B TOLERANCE: two places, "x, y"
    python3 -c 'import sys
a, b = ([float(v) for v in t.split(",")] for t in sys.argv[1:3])
sys.exit(len(a) != len(b) or any(abs(p - q) > float(sys.argv[3]) for p, q in zip(a, b)))' "$@"
}

open_window himmelblau --optimizer sgd,adam:lr=0.1
close_window
check_same "the table says what was" "himmelblau from (0, 0), 1000 steps" "$(head -n 1 "$folder/table")"
check_same "of both" "sgd adam" "$(sed -n '3,$s/ .*//p' "$folder/table" | xargs)"

# A click starts there. The picture shows the minimum (3, 2) at that pixel.
open_window himmelblau --optimizer sgd,adam:lr=0.1
key space
changes "a click starts the race anew" mouse 438 224 click 1
close_window
check "where it was clicked" near "$(start_of)" "3, 2" 0.03
check_same "and nothing was done since" "2 stopped at step 0" "$(grep -c 'stopped at step 0$' "$folder/table") stopped at step 0"

# The wheel looks closer, and the place under the pointer stays.
open_window himmelblau
mouse 250 300 click 1
close_window
here=$(start_of)
open_window himmelblau
mouse 350 300 click 1
close_window
there=$(start_of)
open_window himmelblau
key space
mouse 250 300
changes "the wheel looks closer" xdotool click 4 click 4 click 4
mouse 250 300 click 1
close_window
check "what is under the pointer stays there" near "$(start_of)" "$here" 0.05
open_window himmelblau
mouse 250 300 click 4 click 4 click 4
mouse 350 300 click 1
close_window
check "three clicks of the wheel make a picture of 0.8 * 0.8 * 0.8 of the width" python3 -c 'import sys
here, there, closer = (float(t.split(",")[0]) for t in sys.argv[1:4])
sys.exit(abs((closer - here) / (there - here) - 0.512) > 0.03)' "$here" "$there" "$(start_of)"

# The surface: Tab shows it, dragging and arrows turn it, clicks start nothing.
open_window himmelblau --optimizer sgd,adam:lr=0.1
key space
sleep 0.2
changes "Tab shows the surface" key Tab
turn() {
    mouse 250 300 mousedown 1 mousemove_relative --sync -- 60 30 mouseup 1
}
changes "dragging turns it" turn
changes "arrows too" key Left Up
mouse 250 300 click 1 click 4 click 5 click 3
changes "Tab goes back" key Tab
changes "h shows the keys" key h
changes "and hides them" key h
key plus minus f f r
sleep 0.3
changes "a smaller window" xdotool windowsize "$window" 500 300
changes "a tiny one" xdotool windowsize "$window" 121 120
changes "a large one" xdotool windowsize "$window" 1200 780
key r
key p
eventually "p saves a picture" test -s "$folder/pictures/himmelblau-1.png"
eventually "r recorded" test -s "$folder/recordings/himmelblau-1.gif"
close_window
check_same "none of that moved the start" "0, 0" "$(start_of)"

# Steps, one by one, are those of any run.
open_window himmelblau --optimizer sgd --lr 0.01
key space n
key period period period
sleep 0.3
close_window
check_same "three steps" 1 "$(grep -c 'stopped at step 3$' "$folder/table")"
"$bellman" optim himmelblau --optimizer sgd --lr 0.01 --csv - --quiet >"$folder/rows"
check_same "lead where three steps lead" "$(grep '^sgd,3,' "$folder/rows" | cut -d, -f5 | xargs printf '%.6g')" \
    "$(sed -n 's/^sgd  *[^ ]*  *\([^ ]*\) .*/\1/p' "$folder/table")"

# One coordinate, and more than two.
open_window xsin
key space
changes "a click on a curve" mouse 300 300 click 1
mouse 300 300 click 4 click 5
key Tab
close_window
check "starts at one coordinate" [ "$(start_of)" != 0.7 ] && near "$(start_of)" "1" 2
open_window sphere:dims=20
mouse 250 300 click 1 click 4
key Tab space
close_window
check_same "of twenty coordinates none is clicked" "-4, 3, -4, 3, ..." "$(start_of)"

# Where there is no value, a click is answered by a sentence, and the race goes on as it was.
open_window 'log(x)+y^2' --start 2,1 --optimizer adam
mouse 200 300 click 1
check "still there" kill -0 $shown
close_window
check_same "where it began" "2, 1" "$(start_of)"

# Interrupted, it still says how far it came.
set -m
open_window himmelblau --steps 1e6 --optimizer adam
set +m
kill -INT $shown
eventually "SIGINT closes the window" ended $shown
wait $shown
check_same "as an interruption" 130 $?
check "with a table" grep -q 'stopped at step' "$folder/table"
finish
