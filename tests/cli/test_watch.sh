# bellman watch and play without a window: the episodes of eval, recordings, the terminal, and bad input.
. tests/cli/lib.sh

runs=$folder/runs
run=$runs/CartPole-v1/reinforce/a
check "train reinforce" "$BELLMAN" train reinforce CartPole-v1 --steps 1000 --eval-episodes 5 --runs "$runs" --name a --quiet

# ---- the episodes are those of eval
check_into "$folder/watched" "watch" "$BELLMAN" watch "$run" --headless --episodes 12 --json
check_into "$folder/evaluated" "eval" "$BELLMAN" eval "$run" --episodes 12 --json
close() {
    python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(abs(a - b) > 1e-9 * max(1, abs(a)))' "$1" "$2"
}
check "watch and eval play the same episodes" close "$(json "$folder/watched" mean_return)" "$(json "$folder/evaluated" mean_return)"
check "with the same spread" close "$(json "$folder/watched" std_return)" "$(json "$folder/evaluated" std_return)"
check_same "as many as asked for" 12 "$(json "$folder/watched" episodes)"
check_into "$folder/other" "other seeds" "$BELLMAN" watch "$run/checkpoint/" --headless --episodes 12 --seed 5 --json
check "another seed, other episodes" [ "$(json "$folder/watched" mean_return)" != "$(json "$folder/other" mean_return)" ]
check_output "one episode where nobody can end it" "1 episode: return" "$BELLMAN" watch CartPole-v1 --headless
check_into "$folder/random" "a random policy" "$BELLMAN" watch GridWorld-v0 --headless --env-set map=open --episodes 3 --json
check_same "an environment is named as one" GridWorld-v0 "$(json "$folder/random" env)"

# ---- recordings: whole, repeatable, and as long as the episode
steps=$(json "$folder/single" mean_length 2>/dev/null || { "$BELLMAN" eval "$run" --episodes 1 --json >"$folder/single"; json "$folder/single" mean_length; })
record() {
    "$BELLMAN" watch "$run" --headless --size 200x160 --record "$@"
}
# gif_time FILE: centiseconds over all frames, from the graphic control extensions
gif_time() {
    python3 -c '
import re, sys
data = open(sys.argv[1], "rb").read()
print(sum(int.from_bytes(m.group(1), "little") for m in re.finditer(rb"\x21\xf9\x04.(..).\x00\x2c", data, re.S)))' "$1"
}
if record "$folder/a.gif" >/dev/null 2>&1; then
    check "again" record "$folder/b.gif"
    check "the same command records the same file" cmp "$folder/a.gif" "$folder/b.gif"
    # 50 steps a second, and the last state for three quarters of a second
    check "it plays as long as the episode took" python3 -c "import sys; sys.exit(abs($(gif_time "$folder/a.gif") - (2 * $steps + 75)) > 4)"
    check "at half the speed" record "$folder/slow.gif" --speed 0.5
    check "it takes twice as long" python3 -c "import sys; sys.exit(abs($(gif_time "$folder/slow.gif") - 2 * (2 * $steps + 75)) > 8)"
    check "a picture" record "$folder/last.png"
    check_same "PNG" PNG "$(head -c 4 "$folder/last.png" | tail -c 3)"
    mkdir "$folder/frames"
    check "a sequence" record "$folder/frames/%03d.png" --fps 10
    check "from 0 on" [ -s "$folder/frames/000.png" ]
    check "ten a second" python3 -c "
import os, sys
sys.exit(abs(len(os.listdir('$folder/frames')) - ($steps / 50 + 0.75) * 10) > 1.5)"
    check "training is recorded without a window" "$BELLMAN" train dqn CartPole-v1 --steps 2000 --eval-episodes 3 --headless \
        --record "$folder/training.gif" --fps 5 --runs "$runs" --name r --quiet
    check "a GIF of it" [ -s "$folder/training.gif" ]
    mkdir "$folder/bin"
    printf '#!/bin/sh\nfor last; do :; done\ncat >"${last#file:}"\n' >"$folder/bin/ffmpeg"
    chmod +x "$folder/bin/ffmpeg"
    check "a film by whatever ffmpeg there is" env PATH="$folder/bin:$PATH" "$BELLMAN" watch "$run" --headless --record "$folder/a.mp4"
    check "it is there" [ -s "$folder/a.mp4" ]
    check_exit 1 "no ffmpeg" env PATH=/nowhere "$BELLMAN" watch "$run" --headless --record "$folder/b.mp4"
    check_says "ffmpeg"
    check_exit 1 "an unwritable file" "$BELLMAN" watch "$run" --headless --record /nowhere/a.gif
    check_says "/nowhere"
    check_exit 1 "training whose recording cannot be written" "$BELLMAN" train dqn CartPole-v1 --headless --record /nowhere/a.gif --runs "$runs/none"
    mkdir "$folder/is.gif"
    check_exit 1 "a folder in its place" "$BELLMAN" watch "$run" --headless --record "$folder/is.gif"
else
    echo "built without libpng or giflib: recordings are not tested"
fi
check_exit 2 "an unknown ending" "$BELLMAN" watch "$run" --headless --record "$folder/a.avi"
check_says ".gif"
check "nothing half-written is left" [ -z "$(find "$folder" -name '*.tmp*')" ]

# ---- bad input
check_exit 2 "neither run nor environment" "$BELLMAN" watch CartPol-v1
check_says "did you mean CartPole-v1"
check_exit 2 "no subject" "$BELLMAN" watch
mkdir "$folder/empty"
check_exit 1 "an empty folder" "$BELLMAN" watch "$folder/empty" --headless
check_says "not a run folder"
cp -r "$run" "$folder/half"
head -c 500 "$run/checkpoint/last.safetensors" >"$folder/half/checkpoint/last.safetensors"
check_exit 1 "a half-written checkpoint" "$BELLMAN" watch "$folder/half" --headless
check_exit 1 "no such checkpoint" "$BELLMAN" watch "$run" --headless --checkpoint 12
check_exit 2 "zero episodes" "$BELLMAN" watch "$run" --headless --episodes 0
check_exit 2 "no speed" "$BELLMAN" watch "$run" --headless --speed 0
check_exit 2 "no such size" "$BELLMAN" watch "$run" --headless --size 5x5
check_exit 2 "both" "$BELLMAN" watch "$run" --headless --terminal
check_exit 2 "options of the environment with a run" "$BELLMAN" watch "$run" --headless --env-set slip=1
check_exit 2 "a policy's checkpoint without one" "$BELLMAN" watch CartPole-v1 --headless --checkpoint best
check_exit 1 "no terminal" "$BELLMAN" watch "$run" --terminal </dev/null
check_says "--terminal"
check_exit 1 "no terminal to play in" "$BELLMAN" play GridWorld-v0 --terminal </dev/null
check_exit 2 "play nothing" "$BELLMAN" play
check_exit 2 "play what is not there" "$BELLMAN" play GridWorld-v1
check_exit 2 "training with a recording of an unknown kind" "$BELLMAN" train dqn CartPole-v1 --headless --record a.avi --runs "$runs/none"
check_exit 2 "pictures without watching" "$BELLMAN" train dqn CartPole-v1 --fps 3 --runs "$runs/none"
check_exit 2 "two runs at once" "$BELLMAN" train dqn CartPole-v1 --render --seeds 2 --runs "$runs/none"
check_exit 2 "no window and no file" "$BELLMAN" train dqn CartPole-v1 --headless --runs "$runs/none"
check "none of these began a run" [ ! -e "$runs/none" ]

# ---- in a terminal: it draws, answers keys, ends, and leaves the screen as it was
in_terminal() {
    python3 tests/cli/terminal.py "$@"
}
check_output "episodes given up do not count" "1 episode: return 60.00" in_terminal "n,n,f" "$BELLMAN" watch "$run" --terminal --seed 999998 --episodes 1
check "watch in a terminal" in_terminal " =paused, ,+=speed ×2,h=pause and go on,h,q" "$BELLMAN" watch "$run" --terminal
printf 'S.G\n' >"$folder/map"
check_output "play in a terminal" "1 episode: return 0.98" in_terminal '\x1b[C=you play,\x1b[C=over; press a key,q' \
    "$BELLMAN" play GridWorld-v0 --env-set map="$folder/map" --terminal
check "train in a terminal, closed before its end" in_terminal " =paused,\\x1b[B=gamma = ,q=training goes on" "$BELLMAN" train dqn CartPole-v1 --steps 60000 \
    --eval-episodes 3 --terminal --runs "$runs" --name t
check_same "it trained to its end" 60000 "$(python3 -c "import json; print(json.load(open('$runs/CartPole-v1/dqn/t/result.json'))['steps'])")"
finish
