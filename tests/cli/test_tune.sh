# bellman tune: the JSON, the space, the grid, a study that goes on wherever it was stopped or killed, what becomes of the best, and
# what it says to bad input, with the file as it was.
#
# KILLS=N: how often something is killed (default 12).
# shellcheck disable=SC2046 # the words that many() prints are several
. tests/cli/lib.sh

db=$folder/tune.db
out=$folder/json
kills=${KILLS:-12}

tune() {
    "$BELLMAN" tune "$@" --storage "$db"
}
quietly() { # the last line is the JSON
    tune "$@" --json --quiet
}
# trials DB STUDY [STATE]: "number state value name=value..." of every trial, values as the file has them
trials() {
    python3 - "$@" <<'PYTHON'
import sqlite3, sys
path, study, states = sys.argv[1], sys.argv[2], sys.argv[3:]
base = sqlite3.connect(path, timeout=30)
rows = base.execute("""SELECT t.trial_id, number, state, (SELECT value FROM trial_values v WHERE v.trial_id = t.trial_id)
    FROM trials t JOIN studies USING (study_id) WHERE study_name = ? ORDER BY number""", (study,)).fetchall()
for trial, number, state, value in rows:
    params = base.execute("SELECT param_name, param_value FROM trial_params WHERE trial_id = ? ORDER BY 1", (trial,))
    if not states or state in states:
        print(number, state, value, *(f"{name}={v!r}" for name, v in params))
PYTHON
}
numbers() { # of all trials of a study
    trials "$@" | cut -d' ' -f1 | xargs
}
keys() { # keys FILE KEY: the names in an object of the JSON
    json "$1" "$2" | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
}

# ---- the JSON, and the space that it searches

check_into "$out" "a study" quietly optim:rosenbrock --steps 20 --trials 12 --jobs 2 --pruner none
check_same "its name" adam-rosenbrock "$(json "$out" study)"
check_same "its trials" "12 12 0 0" "$(json "$out" trials) $(json "$out" complete) $(json "$out" pruned) $(json "$out" failed)"
check_same "what the tables say is worth it" "lr beta1 beta2" "$(keys "$out" best_params)"
check_same "the best is the best of the file" "$(trials "$db" adam-rosenbrock | cut -d' ' -f3 | sort -g | head -n 1)" "$(json "$out" best_value)"
check "seconds are a number" python3 -c 'import sys; sys.exit(not 0 <= float(sys.argv[1]) < 600)' "$(json "$out" seconds)"
check_same "every trial is there once" "$(seq 0 11 | xargs)" "$(numbers "$db" adam-rosenbrock)"
check_same "the best of five go on" "5 10" "$(json "$out" validation | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))') $(json "$out" test seeds)"
check_into "$out" "what is given" quietly optim:rosenbrock --steps 5 --trials 4 --study given --lr 0.1 --beta2 0.99 --pruner none --finalists 0
check_same "is not searched" beta1 "$(keys "$out" best_params)"
check_same "no finalists, no test" "[] null" "$(json "$out" validation) $(json "$out" test | sed 's/None/null/')"

space='lr=log(1e-3,1), beta1={0.5,0.9}, beta2=uniform(0.9,0.999)'
printf 'lr: log(1e-3, 1)\nbeta1: [0.5, 0.9]\nbeta2: uniform(0.9, 0.999)\n' >"$folder/space.yaml"
random() { # random STUDY WORDS...
    local study=$1
    shift
    quietly optim:rosenbrock --steps 20 --study "$study" --sampler random --pruner none --finalists 0 "$@"
}
check_into "$out" "a space as text" random text --trials 20 --space "$space"
check_into "$folder/json2" "and as a file" random file --trials 20 --space "$folder/space.yaml" --jobs 1
check_same "are the same" "$(trials "$db" text)" "$(trials "$db" file)"
check_same "values lie where it says" 0 "$(trials "$db" text | python3 -c '
import sys
bad = 0
for line in sys.stdin:
    p = dict(word.split("=") for word in line.split()[3:])
    bad += not (1e-3 <= float(p["lr"]) <= 1 and float(p["beta1"]) in (0, 1) and 0.9 <= float(p["beta2"]) <= 0.999)
print(bad)')"
check_into "$out" "a trial that diverges" quietly optim:quadratic --optimizer sgd --study diverges --sampler grid --pruner none --finalists 0 \
    --steps 2000 --space 'lr={0.1,10}' --momentum 0
check_same "is a failed one" "1 1" "$(json "$out" complete) $(json "$out" failed)"
check_output "--show says why" "diverged" "$BELLMAN" tune --show "$db" --study diverges

# ---- a grid: of the heavy ball on a quadratic with curvatures 0.2 and 4 the best is known (Polyak 1964): lr = 4 / (2 + sqrt 0.2)^2
# and momentum = ((2 - sqrt 0.2) / (2 + sqrt 0.2))^2, that is 0.668 and 0.4026

check_into "$out" "a grid" quietly optim:quadratic --optimizer sgd --study grid --sampler grid --pruner none --steps 60 --jobs 2 \
    --space 'lr={0.05,0.2,0.668,0.9}, momentum={0,0.2,0.4026,0.6,0.8}'
check_same "has 4 times 5 trials" "20 20" "$(json "$out" trials) $(json "$out" complete)"
check_same "each point once" 20 "$(trials "$db" grid | cut -d' ' -f4- | sort -u | wc -l)"
check_same "the best is the known best" '{"lr": "0.668", "momentum": "0.4026"}' "$(json "$out" best_params)"
check_same "under validation too" '{"lr": "0.668", "momentum": "0.4026"}' "$(json "$out" chosen_params)"
check_into "$out" "levels" quietly optim:quadratic --optimizer sgd --study levels --sampler grid:levels=3,2 --pruner none --steps 5 --finalists 0 \
    --space 'lr=uniform(0.1,0.3), momentum=uniform(0,0.5)'
check_same "as many of each" "lr=0.1 lr=0.2 lr=0.3 momentum=0.0 momentum=0.5" \
    "$(trials "$db" levels | cut -d' ' -f4- | tr ' ' '\n' | sort -u | xargs)"

# ---- going on

check_into "$out" "fewer trials first" random parts --trials 7 --space "$space"
check_into "$out" "and then more" random parts --trials 20 --space "$space"
check_same "are those of one go" "$(trials "$db" text)" "$(trials "$db" parts)"
before=$(trials "$db" parts)
check_into "$out" "nothing left to try" random parts --trials 20 --space "$space"
check_same "tries nothing" "20 $before" "$(json "$out" trials) $(trials "$db" parts)"
check_output "--show lists studies" "parts (minimize): 20 trials, 20 complete" "$BELLMAN" tune --show "$db"
check_output "and their best" "best: $(python3 -c 'import sys; print(f"{float(sys.argv[1]):.6g}")' "$(json "$out" best_value)")" \
    "$BELLMAN" tune --show "$db" --study parts
check "as a URL too" "$BELLMAN" tune --show "sqlite:///$db"

# ---- what becomes of the best

dqn() {
    "$BELLMAN" tune dqn CartPole-v1 --steps 400 --trials 3 --folds 1 --validations 1 --tests 2 --finalists 2 --storage "$folder/dqn.db" \
        --eval-episodes 2 --train-freq 4 "$@"
}
check_into "$folder/words" "a study that trains" dqn --save-preset "$folder/tuned.yaml" --jobs 2
check_into "$out" "says the same again" dqn --json --quiet
check_same "without another trial" "3" "$(json "$out" trials)"
check_same "it maximizes" "$(printf %.6f "$(trials "$folder/dqn.db" dqn-CartPole-v1 COMPLETE | cut -d' ' -f3 | sort -g | tail -n 1)")" \
    "$(printf %.6f "$(json "$out" best_value)")"
command=$(grep '^bellman train' "$folder/words" | sed 's/^bellman //')
check "it prints a command line" [ -n "$command" ]
check "that runs" sh -c "'$BELLMAN' $command --runs '$folder/runs' --name printed --quiet"
check "with what was given" grep -q 'train_freq: 4' "$folder/runs/CartPole-v1/dqn/printed/config.yaml"
check "train takes the preset" "$BELLMAN" train dqn CartPole-v1 --config "$folder/tuned.yaml" --runs "$folder/runs" --name preset --quiet
settings() { # of a run, without what tells runs apart
    grep -v -e '^#' -e ' eval_' "$folder/runs/CartPole-v1/dqn/$1/config.yaml"
}
check_same "which says the same as the command line" "$(settings printed)" "$(settings preset)"
check_into "$folder/words" "options of the environment" "$BELLMAN" tune dqn GridWorld-v0 --steps 300 --trials 2 --folds 1 --finalists 0 \
    --storage "$folder/dqn.db" --eval-episodes 2 --env-set slip=0.25 --env-set observation=xy --save-preset "$folder/grid.yaml" \
    --report "$folder/grid.html" --quiet
check_into "$folder/words" "are printed" "$BELLMAN" tune dqn GridWorld-v0 --steps 300 --trials 2 --folds 1 --finalists 0 \
    --storage "$folder/dqn.db" --eval-episodes 2 --env-set slip=0.25 --env-set observation=xy
command=$(grep '^bellman train' "$folder/words" | sed 's/^bellman //')
python3 -c 'import html, re, sys; print(html.unescape(re.findall("<pre>(.*?)</pre>", open(sys.argv[1]).read(), re.S)[1]))' \
    "$folder/grid.html" >"$folder/page.yaml"
check "with the flags" sh -c "'$BELLMAN' $command --runs '$folder/runs' --name printed --quiet"
check "are in the preset" "$BELLMAN" train dqn GridWorld-v0 --config "$folder/grid.yaml" --runs "$folder/runs" --name preset --quiet
check "and in the preset of the report" "$BELLMAN" train dqn GridWorld-v0 --config "$folder/page.yaml" --runs "$folder/runs" --name page --quiet
grid_settings() {
    grep -v -e '^#' -e ' eval_' "$folder/runs/GridWorld-v0/dqn/$1/config.yaml"
}
check "as they were given" sh -c 'grep -q "slip: 0.25" "$1" && grep -q "observation: xy" "$1"' - "$folder/runs/GridWorld-v0/dqn/preset/config.yaml"
check_same "the preset is the command line" "$(grid_settings printed)" "$(grid_settings preset)"
check_same "so is the one of the report" "$(grid_settings printed)" "$(grid_settings page)"
tune optim:quadratic --optimizer sgd --study printed --nesterov true --steps 30 --trials 4 >"$folder/words" 2>/dev/null
command=$(grep '^bellman optim' "$folder/words" | sed 's/^bellman //')
check "the command line of a function" sh -c "'$BELLMAN' $command --quiet | grep -q ,30,"
check "has what was given" sh -c "echo \"\$1\" | grep -q nesterov" - "$command"
check_into "$out" "a rate that is given" tune optim:quadratic --study rate --lr 0.25 --steps 5 --trials 3
check "is printed" grep -q -e '^bellman optim.* --lr 0.25' "$out"

check_into "$out" "how many environments is searched too" dqn --study envs --space 'num_envs={1,2}' --trials 2 --finalists 0 --json --quiet
check_same "as an option of the runs" num_envs "$(keys "$out" best_params)"
mkdir "$folder/full.yaml"
dqn --save-preset "$folder/full.yaml" --json --quiet >"$out" 2>"$folder/told"
check_same "a preset that cannot be written after all" 1 $?
check_same "does not keep the result" 3 "$(json "$out" trials)"

# Of 160 steps a sixteenth is 10: the first rung, where none is given.
rungs() { # rungs PRUNER: the steps that pruned trials ended at
    quietly optim:quadratic --optimizer sgd --momentum 0 --steps 160 --folds 1 --jobs 1 --study "$1" --sampler random --trials 20 --finalists 0 \
        --space 'lr=log(1e-4,0.3)' --pruner "$1" >"$out"
    python3 - "$db" "$1" <<'PYTHON'
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute("""SELECT MIN(last) FROM (SELECT MAX(step) AS last FROM trial_intermediate_values
    JOIN trials USING (trial_id) JOIN studies USING (study_id) WHERE study_name = ? AND state = 'PRUNED' GROUP BY trial_id)""", sys.argv[2:]).fetchone())
PYTHON
}
check_same "the usual first rung" 10 "$(rungs asha)"
check_same "a given one, with a dash" 80 "$(rungs asha:min-resource=80)"
check_same "or an underscore" 80 "$(rungs asha:min_resource=80)"

# ---- bad input: exit 2 or 1, one sentence, and nothing is changed

refused() { # refused CODE NAME TEXT WORDS...: of bellman tune, on $db, which stays as it is
    local code=$1 name=$2 text=$3
    shift 3
    cp "$db" "$folder/before.db"
    check_exit "$code" "$name" tune "$@"
    check_says "$text"
    check "$name: the file is as it was" cmp "$db" "$folder/before.db"
}
sgd="optim:quadratic --optimizer sgd --study new"
refused 2 "no such parameter" "unknown option nope" $sgd --space 'nope=log(1e-3,1)'
refused 2 "a misspelt one" "momentum" $sgd --space 'momentun=uniform(0,1)'
refused 2 "an empty range" "empty" $sgd --space 'lr=uniform(1,1)'
refused 2 "a reversed range" "reversed" $sgd --space 'lr=uniform(1,0.1)'
refused 2 "a logarithm through zero" "above 0" $sgd --space 'lr=log(0,1)'
refused 2 "a range beyond the option's" "momentum=2" $sgd --space 'momentum=uniform(0,2)'
refused 2 "a grid of too many points" \
    "the grid has 4000000 points, more than 1000000: give ranges fewer levels, or say with --trials" $sgd --sampler grid:levels=2000
refused 1 "a space in a file that is not there" "none.yaml" $sgd --space "$folder/none.yaml"
refused 2 "an unknown sampler" "tpe" $sgd --sampler tpee
refused 2 "an unknown pruner" "asha" $sgd --pruner ashaa
refused 2 "a rate of functions beside an agent" "--learning-rate" dqn CartPole-v1 --lr 0.1
refused 2 "an unknown function" "rosenbrock" optim:rosenbrok
refused 2 "no trials" "trials" $sgd --trials 0
refused 2 "another space" "another space" optim:rosenbrock --steps 20 --study text --space 'lr=log(1e-3,0.5)'
refused 2 "other settings" "other settings" optim:rosenbrock --steps 21 --study text --space "$space"
refused 2 "another function" "other settings" optim:sphere --steps 20 --study text --space "$space"
refused 2 "other folds" "other settings" optim:rosenbrock --steps 20 --study text --space "$space" --folds 2
refused 2 "another learning rate" "other settings" optim:rosenbrock --steps 5 --study given --lr 0.2 --beta2 0.99
refused 2 "another setting of the method" "other settings" optim:rosenbrock --steps 5 --study given --lr 0.1 --beta2 0.98
refused 2 "another setting that was a default" "other settings" optim:rosenbrock --steps 20 --study text --space "$space" --eps 0.1
refused 2 "another direction" "minimizes" dqn CartPole-v1 --study text
for key in seed steps eval_every eval-episodes log_every checkpoint_every keep max_seconds stop_at_return; do
    refused 2 "searching $key" "$(echo $key | tr - _) cannot be searched" dqn CartPole-v1 --study new --space "$key=int(1,2)"
done
refused 2 "given and searched" "gamma is given by --gamma and searched by --space: choose one" \
    dqn CartPole-v1 --study new --gamma 0.9 --space 'gamma={0.9,0.99}'
refused 2 "given with --set and searched" "choose one" dqn CartPole-v1 --study new --set learning-rate=0.1 --space 'learning_rate=log(1e-3,1)'
refused 2 "a rate given and searched" "lr is given by --lr" $sgd --lr 0.1 --space 'lr=log(1e-3,1)'
refused 2 "a size that the sampler was given" "the grid has 27 points, more than 20" $sgd --sampler grid:most-points=20:levels=3 --trials 9 \
    --space 'lr=uniform(0.1,1), momentum=uniform(0,0.5), weight_decay=uniform(0,0.5)'
refused 2 "a preset of a function" "functions have no presets" $sgd --save-preset "$folder/function.yaml"
refused 1 "a preset nowhere" "$folder/none/tuned.yaml" dqn CartPole-v1 --study new --save-preset "$folder/none/tuned.yaml"
refused 1 "a report nowhere" "$folder/none/page.html" $sgd --report "$folder/none/page.html"
refused 2 "a report that is no page" "ends in .html" $sgd --report "$folder/page.txt"
check_into "$out" "a grid of too many points with --trials" quietly $sgd --sampler grid:levels=2000 --steps 2 --trials 4 --finalists 0
check_same "tries so many" 4 "$(json "$out" trials)"

good=$db
db=$folder/other.db
python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("CREATE TABLE cooking (recipe TEXT)").connection.commit()' "$db"
refused 1 "another kind of database" "$db" $sgd
printf 'not a database, but a text that is long enough to be one, if that were all there is to it %0500d' 1 >"$db"
refused 1 "a text" "no SQLite database" $sgd
cp "$good" "$db"
python3 -c 'import sqlite3, sys; b = sqlite3.connect(sys.argv[1]); b.execute("UPDATE alembic_version SET version_num = ?", ("v9.9.9",)); b.commit(); b.execute("PRAGMA wal_checkpoint(TRUNCATE)"); b.close()' "$db"
refused 1 "a newer schema" "v9.9.9" $sgd
cp "$good" "$db"
chmod 444 "$db"
[ -w "$db" ] || refused 1 "a read-only file" "read-only" $sgd
chmod 644 "$db"
python3 - "$db" >"$folder/locked" <<'PYTHON' &
import sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(60)
PYTHON
holder=$!
while [ ! -s "$folder/locked" ]; do sleep 0.02; done
refused 1 "a locked file" "locked" $sgd
kill $holder
wait $holder 2>/dev/null
db=$folder/none/tune.db
check_exit 1 "no such folder" tune $sgd
check_says "there is no folder"
db=$folder/none.db
check_exit 1 "--show of no file" "$BELLMAN" tune --show "$folder/none.db"
check_exit 2 "a bad space and no file" tune $sgd --space 'lr=log(0,1)'
check "makes none" [ ! -e "$db" ]
db=$good

# ---- Ctrl-C, which a terminal sends to all processes in front

# start FILE COMMAND...: in a process group of its own, output to FILE, its process id in $pid
start() {
    local file=$1
    shift
    setsid "$@" >"$file" 2>"$folder/.background" &
    pid=$!
}
many() { # many DB TRIALS: trials of some ten milliseconds
    echo "$BELLMAN" tune optim:rosenbrock --steps 100 --folds 2 --sampler random --pruner none --finalists 2 --validations 2 --tests 2 \
        --jobs 2 --json --quiet --study many --storage "$1" --trials "$2"
}
complete_at_least() { # complete_at_least DB N: waits
    for _ in $(seq 500); do
        [ "$(trials "$1" many COMPLETE 2>/dev/null | wc -l)" -ge "$2" ] && return
        sleep 0.02
    done
}
db=$folder/stopped.db
start "$out" $(many "$db" 80)
complete_at_least "$db" 5
kill -INT -- -$pid
wait $pid
check_same "Ctrl-C: exit code" 130 $?
check "says that it is saved" grep -q 'the same command continues' "$folder/.background"
done_so_far=$(trials "$db" many COMPLETE)
check "it has some, not all" [ "$(echo "$done_so_far" | wc -l)" -lt 80 ]
check_same "the JSON counts them" "$(echo "$done_so_far" | wc -l)" "$(json "$out" complete)"
check_into "$out" "continues" $(many "$db" 80)
check_same "to the end" "80 80 0" "$(json "$out" trials) $(json "$out" complete) $(json "$out" failed)"
check_same "what was done stays" "" "$(comm -23 <(echo "$done_so_far" | sort) <(trials "$db" many | sort))"

# ---- kill -9 of a worker, of the parent, of all, at random moments

db=$folder/killed.db
wanted=$((12 * kills))
killed_workers=0
lost=0
known=$folder/known
: >"$known"
victims=(worker parent all)
start "$out" $(many "$db" $wanted)
for i in $(seq "$kills"); do
    python3 -c 'import random, time; time.sleep(random.uniform(0.01, 0.25))'
    if ! kill -0 $pid 2>/dev/null; then # it came to its end: there is more to do
        wait $pid
        wanted=$((wanted + 40))
        start "$out" $(many "$db" $wanted)
        python3 -c 'import random, time; time.sleep(random.uniform(0.05, 0.25))'
    fi
    case ${victims[i % 3]} in
    worker)
        worker=$(cat /proc/$pid/task/$pid/children 2>/dev/null | tr ' ' '\n' | grep . | shuf -n 1)
        [ -n "$worker" ] && kill -9 "$worker" 2>/dev/null && killed_workers=$((killed_workers + 1))
        continue
        ;;
    parent) kill -9 $pid ;;
    all) kill -9 -- -$pid ;;
    esac
    wait $pid 2>/dev/null
    trials "$db" many COMPLETE >"$folder/now" 2>/dev/null
    lost=$((lost + $(comm -23 <(sort "$known") <(sort "$folder/now") | wc -l)))
    cp "$folder/now" "$known"
    start "$out" $(many "$db" $wanted)
done
wait $pid
check_into "$out" "it comes to its end" $(many "$db" $wanted)
lost=$((lost + $(comm -23 <(sort "$known") <(trials "$db" many | sort) | wc -l)))
check_same "no completed trial is lost or changed" 0 $lost
check_same "every number is there once" "$(seq 0 $((wanted - 1)) | xargs)" "$(numbers "$db" many)"
check_same "all have ended" "$wanted" "$(trials "$db" many COMPLETE FAIL | wc -l)"
check "no more failed than workers were killed" [ "$(trials "$db" many FAIL | wc -l)" -le $killed_workers ]
check_same "the JSON says so" "$wanted $(trials "$db" many COMPLETE | wc -l) $(trials "$db" many FAIL | wc -l)" \
    "$(json "$out" trials) $(json "$out" complete) $(json "$out" failed)"
check "the file is whole" sh -c '[ "$(python3 -c "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(\"PRAGMA integrity_check\").fetchone())" "$1")" = ok ]' - "$db"
check_into "$out" "a study that nobody disturbed" $(many "$folder/whole.db" $wanted)
check_same "has the same trials" "" "$(comm -23 <(trials "$db" many COMPLETE | sort) <(trials "$folder/whole.db" many COMPLETE | sort))"

finish
