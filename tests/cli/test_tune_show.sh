# bellman tune --show: what a file of studies holds, as text and as JSON, and what it says where there is nothing to show.
. tests/cli/lib.sh

db=$folder/tune.db
out=$folder/json
check "a study" "$BELLMAN" tune optim:sphere --optimizer sgd --steps 5 --trials 6 --storage "$db" --study small --quiet --finalists 0 --pruner none \
    --space 'lr=uniform(0.01,0.1), momentum={0,0.5}'
check "another, where half fails" "$BELLMAN" tune optim:quadratic --optimizer sgd --steps 5 --storage "$db" --study fails --quiet \
    --finalists 0 --pruner none --sampler grid --space 'lr={0.1,0.2,0.3}, nesterov={true,false}' --momentum 0
# The studies in the file, without bellman.
python3 - "$db" >"$folder/known" <<'PYTHON'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
print("%d %.12g" % base.execute("SELECT number, value FROM trials JOIN trial_values USING (trial_id) WHERE study_id = 1 ORDER BY value LIMIT 1").fetchone())
PYTHON
studies() { # studies KEY: of every study
    python3 -c 'import json, sys; print(*(s[sys.argv[2]] for s in json.loads(open(sys.argv[1]).read())["studies"]))' "$out" "$1"
}
check_into "$out" "--json" "$BELLMAN" tune --show "$db" --json
check_same "is one line" 1 "$(wc -l <"$out")"
check_same "names the file" "$db" "$(json "$out" storage)"
check_same "the studies" "small fails" "$(studies study)"
check_same "their direction" "minimize minimize" "$(studies direction)"
check_same "their trials" "6 6 6 3 0 3" "$(studies trials) $(studies complete) $(studies failed)"
check_same "the best trial of the first" "$(cat "$folder/known")" "$(json "$out" studies 0 best_trial) $(printf %.12g "$(json "$out" studies 0 best_value)")"
check_same "what it chose" "lr momentum" "$(json "$out" studies 0 best_params | python3 -c 'import json, sys; print(*json.load(sys.stdin))')"
check_same "why the others failed" 3 "$(json "$out" studies 1 failures | grep -o -i nesterov | wc -l)"
check_into "$out" "one study" "$BELLMAN" tune --show "$db" --study fails --json
check_same "alone" fails "$(studies study)"
check_into "$folder/text" "as text" "$BELLMAN" tune --show "$db"
check_same "a line says how many" "small (minimize): 6 trials, 6 complete, 0 pruned, 0 failed, 0 running" "$(head -n 1 "$folder/text")"
check "a reason is told once, with its trials" grep -q -E '^  failed: trial [0-5], [0-5], [0-5]: .*nesterov' "$folder/text"

printf 'not a database, but a text that is long enough to be one, if that were all there is to it %0500d' 1 >"$folder/text.db"
for words in "" --json "--report $folder/page.html"; do
    # shellcheck disable=SC2086 # the words are several
    check_exit 1 "a file that is not there $words" "$BELLMAN" tune --show "$folder/none.db" $words
    check_says "there is no file"
    # shellcheck disable=SC2086
    check_exit 1 "no database $words" "$BELLMAN" tune --show "$folder/text.db" $words
    check_says "no SQLite database"
    # shellcheck disable=SC2086
    check_exit 1 "no such study $words" "$BELLMAN" tune --show "$db" --study other $words
    check_says "no study other"
    check_same "and nothing on standard output" "" "$(cat "$folder/.out")"
done
refused() { # refused TEXT WORDS...: beside --show
    local text=$1
    shift
    check_exit 2 "--show with $*" "$BELLMAN" tune --show "$db" "$@"
    check_says "$text"
}
refused "no optim:sphere" optim:sphere
refused "no dqn" dqn CartPole-v1
refused "not --trials" --trials 5
refused "not --storage" --storage "$folder/other.db"
refused "not --lr" --lr 0.1
refused "ends in .html" --study small --report "$folder/page.txt"
check "no page of another name" [ ! -e "$folder/page.txt" ]
check_into "$out" "a page and JSON" "$BELLMAN" tune --show "$db" --study small --report "$folder/page.html" --json --quiet
check_same "give both" small "$(test -s "$folder/page.html" && studies study)"
check "a file is never made" [ ! -e "$folder/none.db" ]

finish
