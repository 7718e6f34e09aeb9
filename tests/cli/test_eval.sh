# bellman eval: the same numbers every time, the numbers a trace of the same seeds would give, exact values worked by hand.
. tests/cli/lib.sh

runs=$folder/runs
cartpole=$runs/CartPole-v1/reinforce/a
check "train reinforce" "$BELLMAN" train reinforce CartPole-v1 --steps 1000 --eval-episodes 5 --keep 3 --runs "$runs" --name a --quiet

# close A B: two numbers within 1e-9, relative above 1
close() {
    python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(abs(a - b) > 1e-9 * max(1, abs(a)))' "$1" "$2"
}

check_into "$folder/one" "eval" "$BELLMAN" eval "$cartpole" --episodes 20 --json
check_into "$folder/two" "eval again" "$BELLMAN" eval "$cartpole" --episodes 20 --json
check_same "the same command gives the same numbers" "$(cat "$folder/one")" "$(cat "$folder/two")"
check_same "the keys of the JSON object" \
    "run checkpoint first_seed episodes mean_return std_return mean_length min max" \
    "$(python3 -c 'import json, sys; print(*json.loads(sys.stdin.read()))' <"$folder/one")"
check_same "the run in the JSON" "$cartpole" "$(json "$folder/one" run)"
check_same "the checkpoint in the JSON" last "$(json "$folder/one" checkpoint)"
check_same "seeds begin at 1000000" 1000000 "$(json "$folder/one" first_seed)"
check_same "as many episodes as asked for" 20 "$(json "$folder/one" episodes)"
check "CartPole pays 1 a step, so return is length" close "$(json "$folder/one" mean_return)" "$(json "$folder/one" mean_length)"
for path in "$cartpole/" "$cartpole/checkpoint" "$cartpole/checkpoint/"; do
    check_into "$folder/two" "eval of $path" "$BELLMAN" eval "$path" --episodes 20 --json
    check_same "$path is the same run" "$(cat "$folder/one")" "$(cat "$folder/two")"
done

# Episode i is seeded S + i: 20 episodes are the 12 first and the 8 after them.
check_into "$folder/first" "the first 12" "$BELLMAN" eval "$cartpole" --episodes 12 --json
check_into "$folder/rest" "the other 8" "$BELLMAN" eval "$cartpole" --episodes 8 --seed 1000012 --json
whole=$(python3 -c 'import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
print((12 * a["mean_return"] + 8 * b["mean_return"]) / 20)' "$folder/first" "$folder/rest")
check "20 episodes are the mean of 12 and of 8 with the seeds after" close "$whole" "$(json "$folder/one" mean_return)"
check_into "$folder/single" "one episode" "$BELLMAN" eval "$cartpole" --episodes 1 --json
check_same "one episode has no spread" 0 "$(json "$folder/single" std_return)"
check_same "one episode is smallest and largest" "$(json "$folder/single" min)" "$(json "$folder/single" max)"

check_into "$folder/two" "stochastic" "$BELLMAN" eval "$cartpole" --episodes 20 --json --stochastic
check_into "$folder/three" "stochastic again" "$BELLMAN" eval "$cartpole" --episodes 20 --json --stochastic
check_same "exploring too gives the same numbers twice" "$(cat "$folder/two")" "$(cat "$folder/three")"
check "exploring is not the deterministic policy" [ "$(json "$folder/one" mean_return)" != "$(json "$folder/two" mean_return)" ]

check_output "the table names the checkpoint's step" "checkpoint last, trained for 1,000 steps" "$BELLMAN" eval "$cartpole"
check_output "a numbered checkpoint is of its step" "checkpoint 900, trained for 900 steps" "$BELLMAN" eval "$cartpole" --checkpoint 900
check_output "the best checkpoint" "checkpoint best" "$BELLMAN" eval "$cartpole" --checkpoint best
check_output "the seeds are shown" "seeds 7 to 11" "$BELLMAN" eval "$cartpole" --seed 7 --episodes 5

# Two cells, the goal right of the start, two steps at most, 0.01 a step. Right at once: 0.99. At random, the value of one step
# is 0.25 * 0.99 - 0.75 * 0.01 = 0.24, and of two 0.25 * 0.99 + 0.75 * (0.24 - 0.01) = 0.42. Staying: -0.02.
printf 'SG\n' >"$folder/map"
grid=$runs/GridWorld-v0/dqn/g
check "train on the corridor" "$BELLMAN" train dqn GridWorld-v0 --steps 400 --learning-starts 50 --eval-episodes 5 --runs "$runs" --name g \
    --quiet --env-set map="$folder/map" --env-set max_episode_steps=2
check_into "$folder/exact" "exact values" "$BELLMAN" eval "$grid" --exact --json --episodes 3
optimal=$(json "$folder/exact" exact optimal)
random=$(json "$folder/exact" exact random)
policy=$(json "$folder/exact" exact policy)
check "the optimal value worked by hand" close "$optimal" 0.99
check "the random policy's value worked by hand" close "$random" 0.42
check "without chance the exact value is the mean of episodes" close "$policy" "$(json "$folder/exact" mean_return)"
check "the gap is the share of what can be learned" close "$(json "$folder/exact" exact gap)" \
    "$(python3 -c "print(($optimal - $policy) / ($optimal - $random))")"
check_output "the table shows the gap" "of what lies between random and optimal" "$BELLMAN" eval "$grid" --exact

# With chance: the mean of many episodes lies within four standard errors of the exact value.
lake=$runs/GridWorld-v0/dqn/lake
check "train on the slippery lake" "$BELLMAN" train dqn GridWorld-v0 --steps 600 --eval-episodes 5 --runs "$runs" --name lake --quiet \
    --env-set slip=0.5
check_into "$folder/exact" "exact values of the lake" "$BELLMAN" eval "$lake" --exact --json --episodes 2000
check "episodes scatter about the exact value" python3 -c 'import json, sys
e = json.load(open(sys.argv[1]))
sys.exit(abs(e["mean_return"] - e["exact"]["policy"]) > 4 * e["std_return"] / 2000 ** 0.5 + 1e-9)' "$folder/exact"
check "no policy beats the optimal one" python3 -c 'import json, sys
e = json.load(open(sys.argv[1]))["exact"]
sys.exit(not (e["policy"] <= e["optimal"] + 1e-9 and e["random"] <= e["optimal"] + 1e-9))' "$folder/exact"

check_exit 2 "no run" "$BELLMAN" eval
check_exit 2 "two runs" "$BELLMAN" eval "$cartpole" "$grid"
check_exit 1 "a run that is not there" "$BELLMAN" eval "$folder/nothing"
check_exit 1 "a folder that is no run" "$BELLMAN" eval "$folder"
check_exit 1 "a checkpoint that was not kept" "$BELLMAN" eval "$cartpole" --checkpoint 123
check_exit 2 "a checkpoint that cannot be" "$BELLMAN" eval "$cartpole" --checkpoint newest
check_exit 2 "no episodes" "$BELLMAN" eval "$cartpole" --episodes 0
check_exit 2 "a misspelt flag" "$BELLMAN" eval "$cartpole" --epsodes 3
check_says "did you mean --episodes?"
check_exit 2 "exact values of an environment without a model" "$BELLMAN" eval "$cartpole" --exact
check_says "CartPole-v1"
check_exit 2 "exact values are of the deterministic policy" "$BELLMAN" eval "$grid" --exact --stochastic

# A damaged checkpoint is refused, not played.
last=$cartpole/checkpoint/last.safetensors
size=$(wc -c <"$last")
printf '\377' | dd of="$last" bs=1 seek=$((size - 100)) conv=notrunc 2>/dev/null
check_exit 1 "a changed byte" "$BELLMAN" eval "$cartpole"
truncate -s $((size / 2)) "$last"
check_exit 1 "a checkpoint cut short" "$BELLMAN" eval "$cartpole"
: >"$last"
check_exit 1 "an empty checkpoint" "$BELLMAN" eval "$cartpole"
finish
