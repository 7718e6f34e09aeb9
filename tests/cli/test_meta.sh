# bellman meta: the run folder, the summary and its JSON, exact resume after kill -9, what other verbs say to such a run, bad input.
. tests/cli/lib.sh

runs=$folder/runs
short="meta maml sinusoid --meta-iterations 4000 --meta-batch-size 5 --checkpoint-every 150 --eval-every 500 --eval-tasks 20
    --eval-final-tasks 30 --seed 3 --quiet --json --runs $runs"

# ---- the folder and what is printed
check_into "$folder/whole" "train" "$BELLMAN" $short --threads 1 --name whole
run=$runs/sinusoid/maml/whole
for file in config.yaml progress.csv result.json checkpoint/last.safetensors checkpoint/best.safetensors; do
    check "the folder has $file" test -s "$run/$file"
done
want=$(json "$folder/whole" hash)
check_same "result.json is what was printed" "$want" "$(tr -d '\n\t' <"$run/result.json" >"$folder/line"; json "$folder/line" hash)"
check_same "iterations" 4000 "$(json "$folder/whole" iterations)"
check_same "scores after each number of steps" "[0, 1, 5, 10]" "$(json "$folder/whole" evaluation adapt_steps)"
check_same "fresh tasks" 30 "$(json "$folder/whole" evaluation tasks)"
check "adaptation helps" python3 -c "import sys
mean = $(json "$folder/whole" evaluation mse mean)
sys.exit(not mean[3] < mean[1] < mean[0])"
check_same "columns" \
    "step,seconds,train/loss,train/learning_rate,train/grad_norm,time/fps,eval/diverged_tasks,eval/mse_after_0,eval/mse_after_1,eval/mse_after_5,eval/mse_after_10" \
    "$(head -n 1 "$run/progress.csv")"
check_same "a row every 20 iterations" 201 "$(wc -l <"$run/progress.csv")"
check_output "the summary" "mse of 30 new tasks after 0 / 1 / 5 / 10 steps:" \
    "$BELLMAN" meta --resume "$run" --quiet
check_into "$folder/two" "two threads" "$BELLMAN" $short --threads 2 --name two
check_same "two threads: equal hash" "$want" "$(json "$folder/two" hash)"
check_into "$folder/config" "config.yaml can be given back" "$BELLMAN" meta maml sinusoid --no-preset \
    --config "$run/config.yaml" --runs "$folder/again" --quiet --json
check_same "config.yaml: equal hash" "$want" "$(json "$folder/config" hash)"
check_into "$folder/seeds" "several seeds" "$BELLMAN" meta reptile sinusoid --meta-iterations 50 --eval-final-tasks 10 \
    --eval-adapt-steps 0,3 --seeds 3 --jobs 2 --quiet --json --runs "$folder/seeds-runs"
check_same "several seeds: the third run's" 3 "$(json "$folder/seeds" runs 2 seed)"
check_same "several seeds: means for both numbers of steps" 2 "$(python3 -c "print(len($(json "$folder/seeds" mean)))")"
check_into "$folder/table" "several seeds in words" "$BELLMAN" meta fomaml lines --meta-iterations 2 --eval-final-tasks 10 \
    --eval-adapt-steps 0,200 --inner-lr 1 --seeds 2 --quiet --runs "$folder/seeds-runs"
check "what is behind ± is said" grep -q "^2 seeds, mean ± standard deviation over seeds after 0 / 200 steps: [0-9.]* ± [0-9.]* / diverged$" \
    "$folder/table"
check_same "checkpoints to keep" 2 "$("$BELLMAN" meta anil lines --meta-iterations 40 --eval-tasks 5 --eval-final-tasks 5 \
    --keep 2 --checkpoint-every 10 --quiet --runs "$folder/keep" --name k >/dev/null; find "$folder/keep" -name 'step-*' | wc -l)"

# ---- killed at any moment
rows() { # the columns of progress.csv that do not tell the time
    cut -d, -f1,3-5,7- "$1/progress.csv"
}
for i in $(seq $((${KILLS:-20} / 4))); do
    name=killed-$i
    killed=$runs/sinusoid/maml/$name
    "$BELLMAN" $short --threads 1 --name "$name" >/dev/null 2>&1 &
    pid=$!
    while [ ! -s "$killed/checkpoint/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
    python3 -c "import random, time; time.sleep(random.random() * $(json "$folder/whole" seconds) * 0.9)"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    check_into "$folder/resumed" "resume $name" "$BELLMAN" meta --resume "$killed" --threads 2 --quiet --json
    check_same "kill $i: equal hash" "$want" "$(json "$folder/resumed" hash)"
    check_same "kill $i: equal rows" "$(rows "$run")" "$(rows "$killed")"
done
"$BELLMAN" meta maml sinusoid --meta-iterations 100000000 --quiet --runs "$runs" --name long >/dev/null 2>"$folder/.err" &
pid=$!
long=$runs/sinusoid/maml/long
while [ ! -s "$long/checkpoint/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
check_exit 1 "a second process in the folder" "$BELLMAN" meta --resume "$long" --quiet
check_says "another process"
kill -TERM $pid
wait $pid
check_same "a signal: saved, exit code" 143 $?
check "longer than planned" "$BELLMAN" meta --resume "$run" --meta-iterations 4050 --quiet

# ---- other verbs
check_into "$folder/runs.json" "runs" "$BELLMAN" runs "$run" --json
check_same "runs knows the length" 4050 "$(json "$folder/runs.json" runs 0 total_steps)"
check_same "runs knows the score" "$(cut -d, -f11 "$run/progress.csv" | grep . | tail -n 1)" "$(json "$folder/runs.json" runs 0 eval_return)"
check_into "$folder/diff" "runs diff" "$BELLMAN" runs diff "$run" "$runs/sinusoid/maml/two" --json
check_same "runs diff: what differs" "['4050', '4000']" \
    "$(python3 -c "print($(json "$folder/diff" differences run.meta_iterations))")"
check_into "$folder/plot" "plot" "$BELLMAN" plot "$runs/sinusoid/maml/two" -o "$folder/plot.svg" --json
check_same "plot shows the score" "eval/mse_after_10" "$(json "$folder/plot" metric)"
for verb in "eval $run" "train --resume $run"; do
    check_exit 2 "$verb" "$BELLMAN" $verb
    check_says "a run of bellman meta"
    check_says "meta --resume"
done
check "a run of training" "$BELLMAN" train dqn CartPole-v1 --no-preset --steps 200 --eval-episodes 1 --quiet --runs "$runs" --name t
check_exit 2 "meta --resume of it" "$BELLMAN" meta --resume "$runs/CartPole-v1/dqn/t"
check_says "a run of bellman train"
for what in learners tasks; do
    check "list $what" "$BELLMAN" list $what
    check_into "$folder/list" "list $what --json" "$BELLMAN" list $what --json
    check "its JSON" json "$folder/list" $what 0 source
done
check_output "help lists learners" "  reptile " "$BELLMAN" meta --help
check_output "help lists tasks" "  sinusoid " "$BELLMAN" meta --help
check_output "help shows what a preset sets" "(70000; 1..2147483647)" "$BELLMAN" meta maml sinusoid --help
check_output "help shows the learner's options" "--inner-lr" "$BELLMAN" meta maml sinusoid --help
check_output "help shows the tasks' options" "--shots" "$BELLMAN" meta maml sinusoid --help

# ---- bad input
bad() { # bad CODE TEXT WORDS...
    local code=$1 text=$2
    shift 2
    check_exit "$code" "meta $*" "$BELLMAN" meta "$@" --runs "$folder/bad"
    check_says "$text"
}
bad 2 "did you mean maml?" malm sinusoid
bad 2 "did you mean sinusoid?" maml sinusiod
bad 2 "a learner and tasks" maml
bad 2 "a learner and tasks"
bad 2 "did you mean --inner-lr?" maml sinusoid --iner-lr 1
bad 2 "did you mean inner_lr?" maml sinusoid --set iner_lr=1
bad 2 "inner_steps=-1" maml sinusoid --inner-steps -1
bad 2 "shots=0" maml sinusoid --shots 0
bad 2 "meta_batch_size=0" maml sinusoid --meta-batch-size 0
bad 2 "net=" maml sinusoid --net 0
bad 2 "eval_adapt_steps must rise" maml sinusoid --eval-adapt-steps 5,1
bad 2 "outer_optimizer" maml sinusoid --outer-optimizer adamm
bad 2 "momentum" maml sinusoid --outer-optimizer adagrad --lr-schedule one_cycle
bad 2 "serial=true goes from task to task by plain gradient descent" reptile sinusoid --serial true --outer-optimizer adam
bad 2 "serial=true goes from task to task by plain gradient descent" reptile sinusoid --serial true --max-grad-norm 1
bad 2 "max_episode_steps=-1:1 must begin at 1" maml CartPole-v1 --task-range max_episode_steps=-1:1
bad 2 "--threads=0" maml sinusoid --threads 0
bad 2 "a folder's name" maml sinusoid --name a/b
check_exit 2 "neither learner nor tasks" "$BELLMAN" meta maml --resume "$run"
check_exit 2 "a resumed run keeps its options" "$BELLMAN" meta --resume "$run" --inner-lr 0.1
check_says "keeps its inner-lr"
check_exit 2 "fewer iterations than were made" "$BELLMAN" meta --resume "$run" --meta-iterations 100
check_says "the run has made 4050 iterations already"
check_exit 1 "no run folder" "$BELLMAN" meta --resume "$folder/nowhere"
check_same "nothing is created" "" "$(find "$folder/bad" -type f 2>/dev/null)"

bad 1 "diverged at iteration 1: task " maml sinusoid --inner-lr 100 --inner-steps 20 --quiet
check_says "after inner step "
check_says "inner_lr"
check "the checkpoint from before stays" test -n "$(find "$folder/bad" -name last.safetensors)"
check_output "tasks that diverge in a test are counted and named" "left out: " "$BELLMAN" meta maml sinusoid --meta-iterations 1 \
    --inner-lr 2 --eval-adapt-steps 0,100 --quiet --runs "$folder/wild"

finish
