# bellman meta watch and meta --render without a window: recordings of every family, the terminal, and bad input.
. tests/cli/lib.sh

runs=$folder/runs
tiny="--meta-iterations 3 --meta-batch-size 2 --eval-tasks 2 --eval-final-tasks 2 --net 8 --threads 1 --quiet --runs $runs --name a"
train() { # train LEARNER TASKS FLAGS...
    # shellcheck disable=SC2086
    check "meta $1 $2" "$BELLMAN" meta "$@" $tiny
}
train maml sinusoid
train metasgd lines
train reptile digits --ways 3 --eval-queries 4
train fomaml point2d --shots 3 --queries 2 --eval-queries 2 --eval-adapt-steps 0,1,2
train fomaml GridWorld-v0 --task-range slip=0:0.3 --shots 3 --queries 2 --eval-queries 2 --eval-adapt-steps 0,1
run=$runs/sinusoid/maml/a

# ---- what is said
check_into "$folder/said" "two tasks, shown to nobody" "$BELLMAN" meta watch "$run" --headless --tasks 2 --json
check_same "their number" 2 "$(json "$folder/said" tasks)"
check_same "the score" mse "$(json "$folder/said" score)"
check_same "as many steps as the run evaluates" 11 "$(tail -n 1 "$folder/said" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["mean"]))')"
check_into "$folder/again" "again" "$BELLMAN" meta watch "$run" --headless --tasks 2 --json
check "the same again" cmp "$folder/said" "$folder/again"
check_into "$folder/other" "other tasks" "$BELLMAN" meta watch "$run" --headless --tasks 2 --json --seed 3
check "another seed, other tasks" [ "$(json "$folder/said" mean)" != "$(json "$folder/other" mean)" ]
check_into "$folder/fewer" "fewer steps" "$BELLMAN" meta watch "$run" --headless --tasks 2 --json --adapt-steps 4
check_same "the same before adaptation" "$(json "$folder/said" mean 0)" "$(json "$folder/fewer" mean 0)"
check_same "and after four steps" "$(json "$folder/said" mean 4)" "$(json "$folder/fewer" mean 4)"
check_into "$folder/handed" "bellman watch takes such a run" "$BELLMAN" watch "$run" --headless --episodes 2 --json
check "and shows the same" cmp "$folder/said" "$folder/handed"
check_output "in words" "1 task: mse" "$BELLMAN" meta watch "$run/checkpoint/" --headless
check_output "the best so far" "1 task: mse" "$BELLMAN" meta watch "$run" --headless --checkpoint best

# ---- recordings
record() { # record RUN FILE FLAGS...
    "$BELLMAN" meta watch "$1" --headless --size 320x240 --record "$2" "${@:3}"
}
if record "$run" "$folder/a.gif" >/dev/null 2>&1; then
    check "again" record "$run" "$folder/b.gif"
    check "the same command records the same file" cmp "$folder/a.gif" "$folder/b.gif"
    for each in sinusoid/maml lines/metasgd digits/reptile point2d/fomaml GridWorld-v0/fomaml; do
        check "a picture of $each" record "$runs/$each/a" "$folder/last.png" --adapt-steps 1 --speed 20
        check_same "PNG" PNG "$(head -c 4 "$folder/last.png" | tail -c 3)"
        rm -f "$folder/last.png"
    done
    mkdir "$folder/frames"
    # ten steps of half a second, and the end for two seconds
    check "a sequence" record "$run" "$folder/frames/%03d.png" --fps 2
    check_same "two a second for seven seconds" 15 "$(find "$folder/frames" -name '*.png' | wc -l)"
    # shellcheck disable=SC2086
    check "training, recorded" "$BELLMAN" meta maml sinusoid $tiny --name r --headless --record "$folder/training.gif" --size 320x240
    check "a GIF of it" [ -s "$folder/training.gif" ]
    # shellcheck disable=SC2086
    check_into "$folder/plain" "training, not watched" "$BELLMAN" meta maml sinusoid $tiny --name p --json
    # shellcheck disable=SC2086
    check_into "$folder/watched" "training, watched" "$BELLMAN" meta maml sinusoid $tiny --name w --json --headless --record "$folder/w.png"
    check_same "watching changes nothing" "$(json "$folder/plain" hash)" "$(json "$folder/watched" hash)"
    # shellcheck disable=SC2086
    check "a resumed run is watched too" "$BELLMAN" meta --resume "$runs/sinusoid/maml/w" --meta-iterations 5 --quiet --headless --record "$folder/w.png"
    check_exit 1 "a file that cannot be written" record "$run" /nowhere/a.gif
    check_says "/nowhere"
    check_exit 1 "training whose recording cannot be written" "$BELLMAN" meta maml sinusoid --headless --record /nowhere/a.gif --runs "$runs/none"
else
    echo "built without libpng or giflib: recordings are not tested"
fi
check_exit 2 "an unknown ending" record "$run" "$folder/a.avi"
check "nothing half-written is left" [ -z "$(find "$folder" -name '*.tmp*')" ]

# ---- bad input
check_exit 2 "no run" "$BELLMAN" meta watch
check_says "one run folder"
check_exit 1 "no such run" "$BELLMAN" meta watch "$runs/none" --headless
check_exit 1 "no such checkpoint" "$BELLMAN" meta watch "$run" --headless --checkpoint 12
check_exit 2 "no steps" "$BELLMAN" meta watch "$run" --headless --adapt-steps 0
check_exit 2 "no tasks" "$BELLMAN" meta watch "$run" --headless --tasks 0
check_exit 2 "no speed" "$BELLMAN" meta watch "$run" --headless --speed 0
check_exit 2 "no such size" "$BELLMAN" meta watch "$run" --headless --size 5x5
check_exit 2 "both" "$BELLMAN" meta watch "$run" --headless --terminal
check_exit 2 "what belongs to agents" "$BELLMAN" watch "$run" --headless --stochastic
check_says "--stochastic"
check_exit 1 "no terminal" "$BELLMAN" meta watch "$run" --terminal </dev/null
check_says "--terminal"
head -c 500 "$run/checkpoint/last.safetensors" >"$runs/lines/metasgd/a/checkpoint/last.safetensors"
check_exit 1 "a half-written checkpoint" "$BELLMAN" meta watch "$runs/lines/metasgd/a" --headless
check "an agent's run" "$BELLMAN" train reinforce CartPole-v1 --steps 500 --eval-episodes 2 --runs "$runs" --name a --quiet
check_exit 2 "which adapts to nothing" "$BELLMAN" meta watch "$runs/CartPole-v1/reinforce/a" --headless
check_exit 2 "a recording with nothing shown" "$BELLMAN" meta maml sinusoid --record a.gif --runs "$runs/none"
check_says "--headless"
check_exit 2 "pictures without watching" "$BELLMAN" meta maml sinusoid --fps 3 --runs "$runs/none"
check_exit 2 "two runs at once" "$BELLMAN" meta maml sinusoid --render --seeds 2 --runs "$runs/none"
check_exit 2 "no window and no file" "$BELLMAN" meta maml sinusoid --headless --runs "$runs/none"
check_exit 1 "no terminal to train in" "$BELLMAN" meta maml sinusoid --terminal --runs "$runs/none" </dev/null
check "none of these began a run" [ ! -e "$runs/none" ]

# ---- in a terminal: it draws, answers keys, ends, and leaves the screen as it was
in_terminal() {
    python3 tests/cli/terminal.py "$@"
}
check "watched in a terminal" in_terminal " =paused,.,.,n, ,+,-,f,f,h=one step of adaptation,h,q" "$BELLMAN" meta watch "$run" --terminal
check_output "given up tasks do not count" "1 task: mse" in_terminal "n,n,f" "$BELLMAN" meta watch "$run" --terminal --tasks 1
check "closed before training ends" in_terminal " =paused,q=training goes on" "$BELLMAN" meta maml sinusoid --meta-iterations 20000 \
    --net 8 --eval-tasks 5 --eval-final-tasks 5 --terminal --runs "$runs" --name t
check_same "which goes on to its end" 20000 "$(python3 -c "import json; print(json.load(open('$runs/sinusoid/maml/t/result.json'))['iterations'])")"
# shellcheck disable=SC2086
in_terminal "\x1b" "$BELLMAN" meta maml sinusoid --meta-iterations 10000000 --net 8 --quiet --terminal --runs "$runs" --name e >"$folder/.out"
check_same "stopped with Esc" 130 $?
check "and saved" [ -s "$runs/sinusoid/maml/e/checkpoint/last.safetensors" ]
finish
