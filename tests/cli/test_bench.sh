# bellman bench: every subject gives rows with a rate and, where a limit is known, the share of it.
. tests/cli/lib.sh

for what in env net optim replay train; do
    check_into "$folder/$what" "bench $what" "$BELLMAN" bench $what --seconds 0.01 --json --quiet
    check "rows of bench $what" python3 -c 'import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
sys.exit(not rows or any(r["items_per_second"] <= 0 or r["seconds"] < 0.01 or not r["what"] for r in rows) or
         any(r["share_of_limit"] is not None and r["share_of_limit"] <= 0 for r in rows))' "$folder/$what"
done
check_same "every environment is measured" "$("$BELLMAN" list envs | sed 1d | cut -d ' ' -f 1 | sort)" \
    "$(python3 -c 'import json, sys
print("\n".join(sorted(r["what"].split(",")[0] for r in json.load(open(sys.argv[1]))["rows"])))' "$folder/env")"
check_output "the table" "steps/s" "$BELLMAN" bench env CartPole-v1 --lanes 2 --seconds 0.01
check_output "a net of one's own" "4-5-6, batch 3, forward+backward" "$BELLMAN" bench net --net-arch 4,5,6 --batch 3 --seconds 0.01

check_exit 2 "nothing to measure" "$BELLMAN" bench
check_exit 2 "a misspelt subject" "$BELLMAN" bench envv
check_says "did you mean env?"
check_exit 2 "an unknown environment" "$BELLMAN" bench env Chess
check_exit 2 "a net of one width" "$BELLMAN" bench net --net-arch 4
check_exit 2 "no time" "$BELLMAN" bench env --seconds 0
finish
