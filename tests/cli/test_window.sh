# The window as a person uses it: SDL's dummy driver; and on a display of its own (Xvfb) real keys (xdotool) and real pictures of
# the screen, read from Xvfb's framebuffer.
. tests/cli/lib.sh

runs=$folder/runs
# What the libraries below SDL keep to themselves is not ours to free; only the sanitizers' build looks.
echo leak:libdbus >"$folder/suppressions"
export LSAN_OPTIONS=suppressions=$folder/suppressions:print_suppressions=0
if ! SDL_VIDEODRIVER=dummy "$BELLMAN" watch CartPole-v1 2>"$folder/.err" >/dev/null && grep -q "made without SDL2" "$folder/.err"; then
    echo "built without SDL2: windows are not tested"
    check_exit 1 "no window without SDL" "$BELLMAN" watch CartPole-v1
    check_says "SDL2"
    finish
fi

# ---- the program itself knows nothing of SDL
check "the program is not linked to SDL" sh -c "! ldd '$BELLMAN' | grep -qi sdl"
nothing() {
    env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER "$@"
}
for command in "watch CartPole-v1" "play CartPole-v1" "train dqn CartPole-v1 --steps 100 --render --runs $runs/none"; do
    # shellcheck disable=SC2086
    check_exit 1 "no display: $command" nothing "$BELLMAN" $command
    check_says "--headless"
    check_says "--terminal"
done
check "a run that could not be shown was not begun" [ ! -e "$runs/none" ]

# ---- the dummy driver: everything starts, draws and ends
export SDL_VIDEODRIVER=dummy
check "train, shown to nobody" "$BELLMAN" train dqn CartPole-v1 --steps 3000 --eval-episodes 5 --render --runs "$runs" --name shown --quiet
run=$runs/CartPole-v1/dqn/shown
check "watch" "$BELLMAN" watch "$run" --speed 20
check "watch an environment" "$BELLMAN" watch GridWorld-v0 --speed 20
check "play" "$BELLMAN" play GridWorld-v0
unset SDL_VIDEODRIVER
check_into "$folder/plain" "the same run, not shown" "$BELLMAN" train dqn CartPole-v1 --steps 3000 --eval-episodes 5 --runs "$runs" --name plain --quiet --json
check_same "watching changes no bit" "$(json "$run/result.json" hash 2>/dev/null || python3 -c "
import json; print(json.load(open('$run/result.json'))['hash'])")" "$(json "$folder/plain" hash)"

# ---- a display of our own
if ! command -v Xvfb >/dev/null || ! command -v xdotool >/dev/null; then
    echo "Xvfb or xdotool is not installed: real keys and screenshots are not tested"
    finish
fi
open_display

# eventually NAME COMMAND...: it comes true within ten seconds
eventually() {
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
screen() { # what is on the screen, as a sum
    cksum <"$folder/screen/Xvfb_screen0"
}
is_drawn() { # more than the black of an empty screen
    [ "$(tail -c +4000 "$folder/screen/Xvfb_screen0" | tr -d '\0\377' | wc -c)" -gt 100000 ]
}
moves() {
    local before
    before=$(screen)
    sleep 0.3
    [ "$before" != "$(screen)" ]
}
stands_still() {
    ! moves
}
key() {
    xdotool key --clearmodifiers "$@"
}
ended() {
    ! kill -0 "$1" 2>/dev/null
}

# The picture before, or another one: a busy machine shows what a key did later.
shows_before() {
    [ "$(screen)" = "$before" ]
}
shows_another() {
    [ "$(screen)" != "$before" ]
}

# watch: pause, step, next, help, close
"$BELLMAN" watch "$run" >"$folder/watch.out" 2>&1 &
watching=$!
eventually "a window is drawn" is_drawn
eventually "the picture moves" moves
key space
sleep 0.2
eventually "space stops the picture" stands_still
before=$(screen)
key period
eventually "one step changes it" shows_another
eventually "and it stands still again" stands_still
before=$(screen)
key h
eventually "h shows the keys" shows_another
key h
eventually "and h hides them" shows_before
xdotool mousemove_relative 30 20 click 1 click 3 click 4 mousemove_relative -- -30 -20
sleep 0.2
eventually "the mouse disturbs nothing" shows_before
key e
sleep 0.2
check "e says that it explores" [ "$before" != "$(screen)" ]
key p
eventually "p saves a picture" test -s "$run/pictures/CartPole-v1-1.png"
key r
sleep 0.5
key space
sleep 0.5
key r
eventually "r records" test -s "$run/recordings/CartPole-v1-1.gif"
check_same "a GIF" GIF89a "$(head -c 6 "$run/recordings/CartPole-v1-1.gif")"
key q
eventually "q closes the window" ended $watching
wait $watching
check_same "and that is a proper end" 0 $?

# train: a live change is recorded, has an effect, and replays; the window's end is not the training's
"$BELLMAN" train dqn CartPole-v1 --steps 150000 --eval-episodes 5 --render --runs "$runs" --name live --json >"$folder/live" 2>"$folder/live.err" &
training=$!
live=$runs/CartPole-v1/dqn/live
eventually "a window is drawn" is_drawn
sleep 0.3
key Left
eventually "a live change is recorded" test -s "$live/changes.csv"
key Down Down Left Left
eventually "another one too" grep -q ',max_grad_norm,' "$live/changes.csv"
key s
key q
sleep 0.5
check "training goes on without the window" kill -0 $training
eventually "the window is gone" sh -c "! xdotool search --name CartPole"
wait $training
check_same "and ends well" 0 $?
check_same "with all its steps" 150000 "$(json "$folder/live" steps)"
check_into "$folder/replayed" "the changes again" "$BELLMAN" train dqn CartPole-v1 --steps 150000 --eval-episodes 5 \
    --changes "$live/changes.csv" --runs "$runs" --name replayed --json --quiet
check_same "replayed changes end with the same hash" "$(json "$folder/live" hash)" "$(json "$folder/replayed" hash)"
check_into "$folder/without" "without changes" "$BELLMAN" train dqn CartPole-v1 --steps 150000 --eval-episodes 5 \
    --runs "$runs" --name without --json --quiet
check "without them it ends elsewhere" [ "$(json "$folder/live" hash)" != "$(json "$folder/without" hash)" ]

# Escape stops the training, saved; the window's close button does not.
"$BELLMAN" train dqn CartPole-v1 --steps 1000000 --render --runs "$runs" --name stopped >/dev/null 2>"$folder/stopped.err" &
training=$!
eventually "a window is drawn" is_drawn
key Left
eventually "a change" test -s "$runs/CartPole-v1/dqn/stopped/changes.csv"
key Escape
eventually "Escape stops training" ended $training
wait $training
check_same "as an interruption" 130 $?
check "and says how to continue" grep -q -- "--resume $runs/CartPole-v1/dqn/stopped" "$folder/stopped.err"

# play: it waits for the first key, and counts
"$BELLMAN" play GridWorld-v0 --env-set map=open --episodes 1 >"$folder/play.out" 2>&1 &
playing=$!
eventually "a window is drawn" is_drawn
sleep 0.3
check "nothing moves before the first key" stands_still
before=$(screen)
key Down
sleep 0.2
check "a key moves the walker" [ "$before" != "$(screen)" ]
key q
eventually "q ends it" ended $playing
finish
