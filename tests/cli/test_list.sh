# bellman list: every registry has its list, one line each, and as JSON.
. tests/cli/lib.sh

check_output "without a word it says what can be listed" "optimizers" "$BELLMAN" list
for what in envs agents optimizers presets activations; do
    check_output "bellman list names $what" "  $what " "$BELLMAN" list
    check "list $what" "$BELLMAN" list $what
    check_into "$folder/list" "list $what as JSON" "$BELLMAN" list $what --json
    check "the JSON of $what holds a list of that name" json "$folder/list" $what
done
check_into "$folder/list" "list envs" "$BELLMAN" list envs
check_same "spaces, time limit, threshold of CartPole" "CartPole-v1 4 numbers 0..1 500 475 balance" \
    "$(sed -n 's/ \+/ /g; /^CartPole-v1/p' "$folder/list" | cut -d ' ' -f 1-7)"
check_same "no threshold is a dash" 1 "$(grep -c '^GridWorld-v0 .* 100  *-  ' "$folder/list")"
check_into "$folder/list" "list envs --json" "$BELLMAN" list envs --json
check_same "the first environment of the JSON" CartPole-v1 "$(json "$folder/list" envs 0 name)"
check_same "its threshold" 475 "$(json "$folder/list" envs 0 reward_threshold)"
check_output "agents" "dqn " "$BELLMAN" list agents
check_output "optimizers" "adam " "$BELLMAN" list optimizers
check_output "activations" "relu " "$BELLMAN" list activations

# What is listed can be used: every environment can be traced.
"$BELLMAN" list envs | sed 1d | while read -r name _; do
    "$BELLMAN" trace "$name" --steps 1 >/dev/null || echo "$name"
done >"$folder/broken"
check_same "every listed environment can be traced" "" "$(cat "$folder/broken")"

check_exit 2 "a misspelt list" "$BELLMAN" list optimisers
check_says "did you mean optimizers?"
check_exit 2 "a list that does not exist" "$BELLMAN" list xyzzy
check_exit 2 "two lists" "$BELLMAN" list envs agents
check_exit 2 "a misspelt flag" "$BELLMAN" list envs --jsn
check_says "did you mean --json?"
finish
