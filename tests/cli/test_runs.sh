# bellman runs: what there is, in order, with scores; damaged runs do not stop the list; and what two runs were told differently.
. tests/cli/lib.sh

runs=$folder/runs
train() { # train NAME FLAGS...
    local name=$1
    shift
    check "train $name" "$BELLMAN" train reinforce CartPole-v1 --steps 600 --eval-episodes 5 --runs "$runs" --name "$name" --quiet "$@"
}

check_exit 1 "a folder that is not there" "$BELLMAN" runs "$runs"
check_says "bellman train"
mkdir "$runs"
check_output "an empty folder is no failure, and says how to train" "bellman train" "$BELLMAN" runs "$runs"
check_into "$folder/json" "an empty folder as JSON" "$BELLMAN" runs "$runs" --json
check_same "no runs in the JSON" "[]" "$(json "$folder/json" runs)"

train b
train a --gamma 0.9 --optimizer sgd
check "train another agent" "$BELLMAN" train dqn CartPole-v1 --steps 300 --eval-episodes 5 --runs "$runs" --name z --quiet
check_into "$folder/table" "runs" "$BELLMAN" runs "$runs"
check_same "sorted by environment, agent, name" "CartPole-v1 dqn z
CartPole-v1 reinforce a
CartPole-v1 reinforce b" "$(sed 1d "$folder/table" | awk '{ print $1, $2, $3 }')"
check_same "steps done of steps planned" "300/300" "$(awk '$3 == "z" { print $4 }' "$folder/table")"
check_into "$folder/json" "runs as JSON" "$BELLMAN" runs "$runs/" --json
check_same "three runs in the JSON" 3 "$(json "$folder/json" runs | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')"
check_same "paths that eval takes" "$runs/CartPole-v1/reinforce/a" "$(json "$folder/json" runs 1 run)"
check "eval takes it" "$BELLMAN" eval "$(json "$folder/json" runs 1 run)" --episodes 1

# The scores are the last ones in progress.csv, whichever row they stand on.
progress=$runs/CartPole-v1/reinforce/a/progress.csv
last_of() {
    python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
print(float([r[sys.argv[2]] for r in rows if r[sys.argv[2]]][-1]))' "$progress" "$1"
}
check_same "the final evaluation" "$(python3 -c 'import json, sys; print(float(json.load(open(sys.argv[1]))["eval_return"]))' \
    "$runs/CartPole-v1/reinforce/a/result.json")" \
    "$(python3 -c 'import sys; print(float(sys.argv[1]))' "$(json "$folder/json" runs 1 eval_return)")"
check_same "the last training return" "$(last_of rollout/ep_rew_mean)" \
    "$(python3 -c 'import sys; print(float(sys.argv[1]))' "$(json "$folder/json" runs 1 train_return)")"

a=$runs/CartPole-v1/reinforce/a
b=$runs/CartPole-v1/reinforce/b
check_into "$folder/json" "runs diff as JSON" "$BELLMAN" runs diff "$a" "$b" --json
check_same "the two discounts" '["0.9", "0.99"]' "$(json "$folder/json" differences agent.gamma)"
check_same "the two optimizers" '["sgd", "adam"]' "$(json "$folder/json" differences agent.optimizer)"
check_same "a setting that only one has" '["-", "0.9"]' "$(json "$folder/json" differences agent.optimizer.beta1)"
check_same "a setting that is the same is not shown" False \
    "$(json "$folder/json" differences | python3 -c 'import json, sys; print("run.steps" in json.load(sys.stdin))')"
check_output "the table of differences" "agent.gamma" "$BELLMAN" runs diff "$a" "$b"
check_output "a run does not differ from itself" "no setting differs" "$BELLMAN" runs diff "$a" "$a/"

# What was changed while they trained.
check "a twin" cp -r "$a" "$folder/twin"
printf 'step,option,value\n500,learning_rate,0.05\n550,gamma,0.8\n' >"$folder/twin/changes.csv"
check_output "live changes are differences" "learning_rate=0.05 from step 500, gamma=0.8 from step 550" "$BELLMAN" runs diff "$a" "$folder/twin"
check_same "under a heading that says so" 0 "$(grep -c 'no setting differs' "$folder/.out")"
check_into "$folder/json" "in the JSON too" "$BELLMAN" runs diff "$a" "$folder/twin" --json
check_same "of the one that has none" '["none", "learning_rate=0.05 from step 500, gamma=0.8 from step 550"]' \
    "$(json "$folder/json" differences live_changes)"
check_output "the same changes are no difference" "no setting differs" "$BELLMAN" runs diff "$folder/twin" "$folder/twin"
printf 'step\n' >"$folder/twin/changes.csv"
check_exit 1 "no diff with damaged changes" "$BELLMAN" runs diff "$a" "$folder/twin"
check_says changes.csv

# Damage is listed with its reason.
truncate -s 200 "$b/checkpoint/last.safetensors"
mkdir -p "$runs/CartPole-v1/reinforce/c/checkpoint" "$runs/CartPole-v1/reinforce/notes"
rm "$a/result.json"
check_into "$folder/table" "a run that has not ended" "$BELLMAN" runs "$runs" --json
check_same "shows its latest evaluation" "$(last_of eval/mean_reward)" \
    "$(python3 -c 'import sys; print(float(sys.argv[1]))' "$(json "$folder/table" runs 1 eval_return)")"
rm "$a/progress.csv"
check_into "$folder/table" "damaged runs do not stop the list" "$BELLMAN" runs "$runs"
check_same "a cut checkpoint has its reason" 1 "$(grep -c '^CartPole-v1  reinforce  b  *damaged: .*last.safetensors' "$folder/table")"
check_same "so has a missing one" 1 "$(grep -c '^CartPole-v1  reinforce  c  *damaged: ' "$folder/table")"
check_same "a folder without checkpoints is no run" 0 "$(grep -c notes "$folder/table")"
check_same "a run without progress.csv has no scores" "- -" "$(awk '$3 == "a" { print $5, $6 }' "$folder/table")"
check_into "$folder/json" "damaged runs as JSON" "$BELLMAN" runs "$runs" --json
check "the JSON says what is wrong" json "$folder/json" runs 2 error
check_exit 1 "no diff with a damaged run" "$BELLMAN" runs diff "$a" "$b"
check_says "the run $b is damaged: "
check_exit 1 "no diff with a run that is not there" "$BELLMAN" runs diff "$a" "$folder/nothing"

check_exit 2 "diff of one" "$BELLMAN" runs diff "$a"
check_exit 2 "two folders" "$BELLMAN" runs "$runs" "$runs"
check_says "runs diff"
check_exit 2 "a misspelt flag" "$BELLMAN" runs --jsn
check_says "did you mean --json?"
finish
