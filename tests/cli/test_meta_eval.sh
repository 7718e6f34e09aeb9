# bellman meta eval: the table, CSV and JSON say the same, baselines are trained once and kept, tasks depend on nothing but the seed, those
# that diverge are told, bad input.
. tests/cli/lib.sh

runs=$folder/runs
run=$runs/sinusoid/maml/a
check_into "$folder/trained" "train" "$BELLMAN" meta maml sinusoid --meta-iterations 300 --eval-tasks 10 --eval-final-tasks 40 \
    --keep 2 --runs "$runs" --name a --quiet --json

keys() { # keys FILE KEY...: the names in an object
    json "$@" | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
}

# ---- baselines are trained, said so, kept
check "the first evaluation" "$BELLMAN" meta eval "$run"
cp "$folder/.out" "$folder/table"
cp "$folder/.err" "$folder/said"
check "it says what it trains" grep -q "^pre-training on all tasks, to compare with; kept in $run/baselines/pretrained$" "$folder/said"
check "and then the oracle" grep -q "^pre-training an oracle, .*$run/baselines/oracle$" "$folder/said"
check "the second" "$BELLMAN" meta eval "$run"
check_same "it prints the same" "$(cat "$folder/table")" "$(cat "$folder/.out")"
check_same "and trains nothing" "" "$(cat "$folder/.err")"
check_same "methods" "maml|random start|pre-trained on all tasks|oracle" \
    "$(sed -n '5,$s/^  \([a-z -]*[a-z]\)  .*/\1/p' "$folder/table" | paste -sd '|')"
check_into "$folder/list" "runs" "$BELLMAN" runs "$runs"
check_same "baselines are no runs among the others" 2 "$(wc -l <"$folder/list")"
check_into "$folder/diff" "a baseline is a run" "$BELLMAN" runs diff "$run" "$run/baselines/oracle" --json
check_same "that differs in this" "agent.inner_steps env.show_task run.eval_adapt_steps run.keep" \
    "$(keys "$folder/diff" differences | tr ' ' '\n' | sort | paste -sd ' ')"

# ---- table, CSV and JSON
check_into "$folder/json" "JSON" "$BELLMAN" meta eval "$run" --json --csv "$folder/rows.csv" --per-task "$folder/tasks.csv"
check_same "it repeats the final evaluation of training" "$(json "$folder/trained" evaluation mse mean)" "$(json "$folder/json" loss)"
check_same "with its interval" "$(json "$folder/trained" evaluation mse half_width)" "$(json "$folder/json" interval)"
check_into "$folder/agree" "they agree" python3 - "$folder" <<'PYTHON'
import csv, json, math, statistics, sys
folder = sys.argv[1]
said = json.load(open(folder + "/json"))
methods = {"maml": said, **said["baselines"]}
tasks = {}
for row in csv.DictReader(open(folder + "/tasks.csv")):
    tasks.setdefault((row["method"], row["adapt_steps"]), []).append(float(row["mse"]))
rows = list(csv.DictReader(open(folder + "/rows.csv")))
assert list(methods) == ["maml", "random", "pretrained", "oracle"], list(methods)
assert [(r["method"], int(r["adapt_steps"])) for r in rows] == [(m, k) for m in methods for k in methods[m]["adapt_steps"]]
assert said["baselines"]["oracle"]["adapt_steps"] == [0]
table = [line.split("  ") for line in open(folder + "/table").read().splitlines()[4:]]
table = [[cell.strip() for cell in line if cell.strip()] for line in table]
for row in rows:
    method, at = methods[row["method"]], methods[row["method"]]["adapt_steps"].index(int(row["adapt_steps"]))
    values = tasks[row["method"], row["adapt_steps"]]
    for name, column, mine in [
        ("loss", "mean", statistics.mean(values)),
        ("std", "std", statistics.stdev(values)),
        ("interval", "half_width", 1.96 * statistics.stdev(values) / math.sqrt(len(values))),
        ("median", "median", statistics.median(values)),
    ]:
        for theirs in (method[name][at], float(row[column])):
            assert abs(theirs - mine) <= 1e-12 * max(1, abs(mine)), (row["method"], name, theirs, mine)
    assert len(values) == 40 == int(row["tasks"]) == method["counted_tasks"][at] and row["diverged"] == "0"
    mean, half_width = (float(number) for number in table[list(methods).index(row["method"])][1 + at].split(" ± "))
    assert abs(mean - method["loss"][at]) < 0.06 * half_width, (mean, method["loss"][at])
    assert abs(half_width - method["interval"][at]) < 0.06 * half_width, (half_width, method["interval"][at])
PYTHON
check_into "$folder/out.csv" "CSV to standard output" "$BELLMAN" meta eval "$run" --csv -
check_same "is that of the file, and no table" "$(cat "$folder/rows.csv")" "$(cat "$folder/out.csv")"
check_into "$folder/alone" "without baselines" "$BELLMAN" meta eval "$run" --no-baselines --json
check_same "only the learner" "{}" "$(json "$folder/alone" baselines)"
check_same "the same numbers" "$(json "$folder/json" loss)" "$(json "$folder/alone" loss)"
check_output "another checkpoint" "checkpoint 270, trained for 270 iterations" "$BELLMAN" meta eval "$run" --checkpoint 270
check_output "how long baselines were trained is told where they differ" "oracle was trained for 300 iterations" \
    "$BELLMAN" meta eval "$run" --checkpoint 270
check_output "shots and step sizes stand above the table" "shots: 9; step sizes: 0.02, 0.01" \
    "$BELLMAN" meta eval "$run" --shots 9 --adapt-lr 0.02,0.01 --tasks 5 --no-baselines

# ---- a task depends on nothing but the seed
check "100 tasks" "$BELLMAN" meta eval "$run" --tasks 100 --adapt-steps 0,2,5 --threads 2 --per-task "$folder/100.csv"
check "50 of them" "$BELLMAN" meta eval "$run" --tasks 50 --adapt-steps 0,5 --threads 1 --per-task "$folder/50.csv"
check_same "50 tasks are the first 50 of 100, for 1 thread and 2" "$(cat "$folder/50.csv")" \
    "$(awk -F, 'NR == 1 || ($2 < 50 && $3 != 2)' "$folder/100.csv")"
check_into "$folder/one" "one thread" "$BELLMAN" meta eval "$run" --json --threads 1 --seed 5
check_into "$folder/two" "two threads" "$BELLMAN" meta eval "$run" --json --threads 2 --seed 5
check_same "one thread and two" "$(cat "$folder/one")" "$(cat "$folder/two")"
check "another seed has other tasks" [ "$(json "$folder/one" loss)" != "$(json "$folder/json" loss)" ]

# ---- numbers of steps without 0
check_into "$folder/table" "no score before adaptation" "$BELLMAN" meta eval "$run" --adapt-steps 5,10 --tasks 5 --csv "$folder/rows.csv"
check_same "the oracle's stands under 0" "steps of adaptation 0 5 10" "$(grep 'steps of adaptation' "$folder/table" | tr -s ' ' | sed 's/^ //')"
check_same "and alone" 1 "$(grep ' oracle ' "$folder/table" | grep -o ± | wc -l)"
check_same "where the learner has two" 2 "$(grep ' maml ' "$folder/table" | grep -o ± | wc -l)"
check "left of the others" python3 -c "import sys
rows = {line.split()[0]: line for line in open('$folder/table') if line.startswith('  ')}
sys.exit(not rows['oracle'].index('±') < rows['maml'].index('±'))"

# ---- tasks that diverge
check_output "diverging is told" "of 20 tasks diverged during adaptation of maml (task 0 first, after 1 step) and are not in its means" \
    "$BELLMAN" meta eval "$run" --adapt-lr 5 --tasks 20
check_into "$folder/diverged" "and in the JSON" "$BELLMAN" meta eval "$run" --adapt-lr 5 --tasks 20 --json --csv "$folder/diverged.csv"
check_same "counted" 20 "$(python3 -c "print($(json "$folder/diverged" counted_tasks)[3] + $(json "$folder/diverged" diverged_tasks))")"
check_same "named" 0 "$(json "$folder/diverged" first_diverged_task)"
check_same "since when" 1 "$(json "$folder/diverged" first_diverged_after)"
check_same "before, all count" 20 "$(json "$folder/diverged" counted_tasks 0)"
check_same "and in the rows" 20 "$(awk -F, '$1 == "maml" && $2 == 10 { print $8 + $9 }' "$folder/diverged.csv")"
check "some have" [ "$(json "$folder/diverged" diverged_tasks)" -gt 0 ]

# ---- a longer run, and an interrupted evaluation
check "the run goes on" "$BELLMAN" meta --resume "$run" --meta-iterations 400 --quiet
check "so do the baselines" "$BELLMAN" meta eval "$run" --tasks 5
check_same "from where they were" 0 "$(grep -c ' [12]*[0-9][0-9]/400 iterations' "$folder/.err")"
check_into "$folder/json" "to as many iterations" "$BELLMAN" meta eval "$run" --tasks 5 --json
check_same "of the baseline" 400 "$(json "$folder/json" baselines pretrained iterations)"
cp -r "$run" "$runs/ended"
check "a run that --max-seconds ended" "$BELLMAN" meta --resume "$runs/ended" --meta-iterations 100000000 --max-seconds 0 --quiet
check_into "$folder/json" "its baselines" "$BELLMAN" meta eval "$runs/ended" --tasks 5 --json --quiet
check_same "are trained for what it has made" "401 401" \
    "$(json "$folder/json" iterations) $(json "$folder/json" baselines oracle iterations)"
check "a long run" "$BELLMAN" meta fomaml lines --no-preset --net 4 --meta-batch-size 1 --meta-iterations 300000 --eval-tasks 2 \
    --eval-final-tasks 2 --runs "$runs" --name long --quiet
long=$runs/lines/fomaml/long
"$BELLMAN" meta eval "$long" --quiet >/dev/null 2>"$folder/said" &
pid=$!
while [ ! -s "$long/baselines/pretrained/checkpoint/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
sleep 0.1
kill -TERM $pid
wait $pid
check_same "a signal: exit code" 143 $?
check_same "one sentence says how to go on" 1 "$(grep -c "the same command continues" "$folder/said")"
check_into "$folder/list" "what was trained is kept" "$BELLMAN" runs "$long/baselines"
check "though it is not all" grep -q '[1-9][0-9,]*/300,000' "$folder/list"

# ---- other families
check "digits" "$BELLMAN" meta fomaml digits --no-preset --net 16 --inner-lr 0.1 --meta-batch-size 2 --meta-iterations 30 --eval-tasks 2 \
    --eval-queries 5 --eval-final-tasks 5 --eval-adapt-steps 0,2 --runs "$runs" --name d --quiet
check_into "$folder/digits" "digits: JSON" "$BELLMAN" meta eval "$runs/digits/fomaml/d" --json --quiet
check_same "digits cannot be told, so there is no oracle" "random pretrained" \
    "$(keys "$folder/digits" baselines)"
check "accuracy beside the loss" python3 -c "import sys
share, loss = $(json "$folder/digits" accuracy), $(json "$folder/digits" loss)
sys.exit(not (len(share) == len(loss) == 2 and all(0 <= x <= 1 for x in share)))"
check "digits: more shots than training has images for" "$BELLMAN" meta eval "$runs/digits/fomaml/d" --shots 35 --no-baselines
check_output "digits: in percent" "accuracy in %" "$BELLMAN" meta eval "$runs/digits/fomaml/d"
check "point2d" "$BELLMAN" meta reptile point2d --no-preset --net 8 --meta-batch-size 2 --meta-iterations 3 --shots 4 --eval-tasks 2 \
    --inner-steps 2 --eval-queries 4 --eval-final-tasks 4 --eval-adapt-steps 0,1 --runs "$runs" --name p --quiet
check_into "$folder/point2d" "point2d: JSON" "$BELLMAN" meta eval "$runs/point2d/reptile/p" --json --quiet --adapt-lr 0.1,0.05
check_same "point2d: returns" 2 "$(python3 -c "print(len($(json "$folder/point2d" return)))")"
check_same "point2d: all baselines" "random pretrained oracle" "$(keys "$folder/point2d" baselines)"
check_into "$folder/plot" "plot" "$BELLMAN" plot "$run" -o "$folder/plot.svg" --json
check_same "plot shows the score" eval/mse_after_10 "$(json "$folder/plot" metric)"

# ---- bad input
bad() { # bad CODE WORDS ARGUMENTS...
    local code=$1 words=$2
    shift 2
    check_exit "$code" "$*" "$BELLMAN" meta eval "$@"
    check_says "$words"
}
check "a run of training" "$BELLMAN" train reinforce CartPole-v1 --steps 200 --eval-episodes 2 --runs "$runs" --name t --quiet
bad 2 "bellman eval RUN scores it" "$runs/CartPole-v1/reinforce/t"
bad 1 "no run folder" "$folder/nowhere"
bad 2 "wants the folder of a run"
bad 2 "one run folder at a time" "$run" "$run"
bad 2 "--adapt-steps must rise, and 1 follows 5" "$run" --adapt-steps 5,1
bad 2 "--adapt-steps is empty" "$run" --adapt-steps '[]'
bad 2 "has more than 8 items" "$run" --adapt-steps 0,1,2,3,4,5,6,7,8
bad 2 "not a list of whole numbers" "$run" --adapt-steps 1,many
bad 2 "not a list of step sizes" "$run" --adapt-lr 0.1,
bad 2 "more than 16 step sizes" "$run" --adapt-lr 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1
bad 2 "outside [0, 100]" "$run" --adapt-lr 101
bad 2 "--tasks=0" "$run" --tasks 0
bad 2 "--shots=0" "$run" --shots 0
bad 2 "but there are" "$runs/digits/fomaml/d" --shots 900
bad 1 "no checkpoint step-000000123" "$run" --checkpoint 123
bad 2 "none of last, best or a step number" "$run" --checkpoint first
bad 2 "cannot both go to standard output" "$run" --csv - --per-task -
bad 1 "cannot write" "$run" --csv "$folder/nowhere/rows.csv" --tasks 2 --no-baselines
check "a run without baselines" "$BELLMAN" meta fomaml lines --meta-iterations 5 --eval-tasks 2 --eval-final-tasks 2 --runs "$runs" \
    --name none --quiet
bad 1 "cannot write" "$runs/lines/fomaml/none" --per-task "$folder/nowhere/rows.csv"
check "is told before any is trained" [ ! -e "$runs/lines/fomaml/none/baselines" ]
check_exit 1 "a device that is full" "$BELLMAN" meta eval "$run" --csv /dev/full --tasks 2 --no-baselines
check_same "loses no table" 1 "$(grep -c "steps of adaptation" "$folder/.out")"
check "metasgd" "$BELLMAN" meta metasgd lines --meta-iterations 5 --eval-tasks 2 --eval-final-tasks 2 --runs "$runs" --name m --quiet
bad 2 "has learned a step size for every parameter" "$runs/lines/metasgd/m" --adapt-lr 0.1
cp -r "$run" "$runs/damaged"
printf 'damage' | dd of="$runs/damaged/checkpoint/last.safetensors" bs=1 seek=6000 conv=notrunc 2>/dev/null
bad 1 "is damaged" "$runs/damaged"
cp -r "$run" "$runs/hurt"
printf 'damage' | dd of="$runs/hurt/baselines/oracle/checkpoint/last.safetensors" bs=1 seek=6000 conv=notrunc 2>/dev/null
bad 1 "baselines/oracle/checkpoint/last.safetensors is damaged" "$runs/hurt"

# Of a linear network the loss after ten inner steps is so flat that outer steps of 0.3 are not too long; without inner steps they are.
check "a run that is finite thanks to its inner steps" "$BELLMAN" meta maml lines --no-preset --net '[]' --shots 10 --inner-lr 0.02 \
    --inner-steps 10 --meta-iterations 200 --eval-tasks 2 --eval-final-tasks 2 --outer-optimizer sgd --outer-lr 0.3 --runs "$runs" \
    --name w --quiet
bad 1 "pre-training on all tasks: meta-training diverged" "$runs/lines/maml/w" --quiet
check_says "--no-baselines does without"
finish
