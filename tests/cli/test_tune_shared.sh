# bellman tune, two of it on one study: they share the trials and agree on the result, and when one of them is killed the other takes up
# what it left.
#
# KILLS=N: how often one is killed (default 9).
. tests/cli/lib.sh

kills=${KILLS:-9}

# trials DB: "number state value name=value..." of every trial, values as the file has them
trials() {
    python3 - "$1" <<'PYTHON'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=30)
rows = base.execute("""SELECT t.trial_id, number, state, value FROM trials t LEFT JOIN trial_values v ON v.trial_id = t.trial_id
    ORDER BY number""").fetchall()
for trial, number, state, value in rows:
    params = base.execute("SELECT param_name, param_value FROM trial_params WHERE trial_id = ? ORDER BY 1", (trial,))
    print(number, state, value, *(f"{name}={v!r}" for name, v in params))
PYTHON
}
complete() { # complete DB: those that are, sorted as comm wants them
    trials "$1" 2>/dev/null | grep COMPLETE | sort
}
# start WHO DB TRIALS: in a process group of its own; its JSON goes to WHO, its process id to $pid
start() {
    setsid "$BELLMAN" tune optim:rosenbrock --steps 100 --folds 2 --sampler random --pruner none --finalists 2 --validations 2 --tests 3 \
        --jobs 2 --json --quiet --study shared --storage "$2" --trials "$3" >"$folder/$1" 2>"$folder/$1.err" &
    pid=$!
}
result() { # result WHO: what the study says, whoever says it
    for key in trials complete failed best_value best_params validation test chosen_params; do json "$folder/$1" "$key"; done
}

# ---- side by side, from the making of the file on

db=$folder/side.db
start one "$db" 60
one=$pid
start two "$db" 60
wait $one
check_same "the first ends well" "0 " "$? $(cat "$folder/one.err")"
wait $pid
check_same "and the second" "0 " "$? $(cat "$folder/two.err")"
check_same "every number is there once" "$(seq 0 59 | xargs)" "$(trials "$db" | cut -d' ' -f1 | xargs)"
check_same "they agree on all of it" "$(result one)" "$(result two)"
check_same "that has been tested" 3 "$(json "$folder/two" test seeds)"
steps=$(($(json "$folder/one" steps) + $(json "$folder/two" steps)))
check_same "no trial was made twice" $((60 * 2 * 100)) $steps
start alone "$folder/alone.db" 60
wait $pid
check_same "one alone says the same" "$(result alone)" "$(result one)"

# ---- killed, now the one, now the other, now both

db=$folder/killed.db
wanted=$((12 * kills))
lost=0
: >"$folder/known"
start one "$db" $wanted
one=$pid
start two "$db" $wanted
two=$pid
for i in $(seq "$kills"); do
    python3 -c 'import random, time; time.sleep(random.uniform(0.02, 0.3))'
    if [ $((i % 3)) -ne 1 ]; then
        kill -9 -- -$one 2>/dev/null
        wait $one 2>/dev/null
    fi
    if [ $((i % 3)) -ne 2 ]; then
        kill -9 -- -$two 2>/dev/null
        wait $two 2>/dev/null
    fi
    complete "$db" >"$folder/now"
    lost=$((lost + $(comm -23 "$folder/known" "$folder/now" | wc -l)))
    cp "$folder/now" "$folder/known"
    kill -0 $one 2>/dev/null || { start one "$db" $wanted && one=$pid; }
    kill -0 $two 2>/dev/null || { start two "$db" $wanted && two=$pid; }
done
wait $one
check_same "after the kills the first ends well" "0 " "$? $(cat "$folder/one.err")"
wait $two
check_same "and so does the second" "0 " "$? $(cat "$folder/two.err")"
check_same "no completed trial is lost or changed" "0 0" "$lost $(complete "$db" | comm -23 "$folder/known" - | wc -l)"
check_same "every number is there once" "$(seq 0 $((wanted - 1)) | xargs)" "$(trials "$db" | cut -d' ' -f1 | xargs)"
check_same "all are complete" $wanted "$(complete "$db" | wc -l)"
check_same "they agree on all of it" "$(result one)" "$(result two)"
start alone "$folder/whole.db" $wanted
wait $pid
check_same "a study that nobody disturbed has the same trials" "" "$(comm -3 <(complete "$db") <(complete "$folder/whole.db"))"
check_same "and the same result" "$(result alone)" "$(result one)"

finish
