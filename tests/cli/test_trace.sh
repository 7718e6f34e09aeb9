# bellman trace: Gymnasium's episodes number for number, single steps from given states, and what it says to bad input.
. tests/cli/lib.sh

# agree WANT GOT [IGNORED_COLUMNS]: CSV files with the same header, rows, actions and flags, and numbers within 1e-6 (relative
# above 1): a C library's sine may differ in its last bit.
agree() {
    python3 - "$@" <<'PYTHON'
import csv, sys
want, got = (list(csv.reader(open(path))) for path in sys.argv[1:3])
if want[0] != got[0] or len(want) != len(got):
    sys.exit(f"{len(got)} rows of {got[0]} instead of {len(want)} of {want[0]}")
for i, (w, g) in enumerate(zip(want[1:], got[1:]), 1):
    for name, a, b in zip(want[0], w, g):
        exact = name in ("episode", "step", "terminated", "truncated") or name.startswith("action")
        if a == b or (a and b and abs(float(a) - float(b)) <= (0 if exact else 1e-6 * max(1, abs(float(a))))):
            continue
        sys.exit(f"row {i} {name}: {b!r} instead of {a!r}")
PYTHON
}

golden=tests/golden/trace
check_into "$folder/got.csv" "trace of CartPole" "$BELLMAN" trace CartPole-v1 --seed 42 --steps 450
check "CartPole with sampled actions is Gymnasium's" agree $golden/CartPole-v1_seed42.csv "$folder/got.csv"
check_into "$folder/got.csv" "trace of the lake" "$BELLMAN" trace GridWorld-v0 --seed 42 --steps 450 --env-set map=lake \
    --env-set slip=0.66666666666666663 --env-set pit_reward=0 --env-set step-cost=0
check "the slippery lake is FrozenLake" agree $golden/FrozenLake-v1_seed42.csv "$folder/got.csv"
check_into "$folder/got.csv" "trace with actions" "$BELLMAN" trace CartPole-v1 --seed 5 --actions $golden/CartPole-v1_seed5.actions
check "given actions reach the time limit as in Gymnasium" agree $golden/CartPole-v1_seed5.csv "$folder/got.csv"

# Single steps: the recorded states before and after each step of Gymnasium's CartPole.
python3 - "$folder" <<'PYTHON'
import csv, sys
rows = list(csv.DictReader(open("tests/golden/env/cartpole_rollout.csv")))
before, after = ["s_x", "s_xdot", "s_th", "s_thdot", "a"], ["n_x", "n_xdot", "n_th", "n_thdot", "r", "terminated"]
with open(sys.argv[1] + "/states.csv", "w") as f:
    f.writelines(",".join(r[k] for k in before) + "\n" for r in [{k: k for k in before}] + rows)
with open(sys.argv[1] + "/want.csv", "w") as f:
    f.write("state0,state1,state2,state3,reward,terminated,truncated\n")
    f.writelines(",".join(r[k] for k in after) + ",0\n" for r in rows)
PYTHON
check_into "$folder/got.csv" "trace from states" "$BELLMAN" trace CartPole-v1 --state "$folder/states.csv"
check "single steps from given states are Gymnasium's" agree "$folder/want.csv" "$folder/got.csv"
tail -n +2 "$folder/states.csv" >"$folder/bare.csv"
check_into "$folder/got.csv" "trace from states without a header" "$BELLMAN" trace CartPole-v1 --state "$folder/bare.csv" --steps 10
check_same "as many rows as steps, and a header" 11 "$(wc -l <"$folder/got.csv")"
printf '0,0,0,0,1' >"$folder/one.csv"
check_output "a time limit of one step truncates a single step" ",1,0,1" \
    "$BELLMAN" trace CartPole-v1 --state "$folder/one.csv" --env-set max_episode_steps=1

"$BELLMAN" trace CartPole-v1 --steps 5 >"$folder/short.csv"
"$BELLMAN" trace CartPole-v1 --steps 50 >"$folder/long.csv"
check_same "a longer trace begins with the shorter" "$(cat "$folder/short.csv")" "$(head -n 7 "$folder/long.csv")"
check_output "an environment's options are in the help" "sutton_barto_reward=false" "$BELLMAN" trace CartPole-v1 --help

check_exit 2 "no environment" "$BELLMAN" trace
check_exit 2 "a misspelt environment" "$BELLMAN" trace CartPol-v1
check_says "did you mean CartPole-v1?"
check_exit 2 "a misspelt flag" "$BELLMAN" trace CartPole-v1 --seeed 1
check_says "did you mean --seed?"
check_exit 2 "a misspelt option of the environment" "$BELLMAN" trace CartPole-v1 --env-set reset_lo=0
check_says "did you mean reset_low?"
check_exit 2 "options that contradict each other" "$BELLMAN" trace CartPole-v1 --env-set reset_low=1
check_exit 2 "an option without a value" "$BELLMAN" trace CartPole-v1 --env-set reset_low
check_exit 2 "a number that is none" "$BELLMAN" trace CartPole-v1 --steps many
check_exit 1 "a file that is not there" "$BELLMAN" trace CartPole-v1 --actions "$folder/nothing"
check_exit 2 "actions given twice" "$BELLMAN" trace CartPole-v1 --actions "$folder/a" --state "$folder/b"

refuses() { # refuses FLAG TEXT SAYS
    printf '%b' "$2" >"$folder/given"
    check_exit 2 "$1 with '$2'" "$BELLMAN" trace CartPole-v1 "$1" "$folder/given"
    check_says "$3"
}
refuses --actions '0\n1\nleft\n' "given:3: 'left'"
refuses --actions 'left\n' "given:1: 'left'"
refuses --actions '0\n\n1\n' "given:2: ''"
refuses --actions '0\n2\n' "given:2: action 2 is none of 0 to 1"
refuses --actions '0\n0.5\n' "given:2: action 0.5"
refuses --actions '0,1\n' "given:1: 2 numbers instead of 1"
refuses --actions '0\n\0\n' "not a text file"
refuses --state '0,0,0,0,1\n0,0,0,1\n' "given:2: 4 numbers instead of 5"
refuses --state 'x,v,a,w,action\n0,0,0,0,9\n' "given:2: action 9"
refuses --state '0,0,nan,0,1\n' "given:1: 'nan'"
refuses --state '0,0,0,,1\n' "given:1: ''"
refuses --state '0,0,0,0,\n1\n' "given:1: ''"
printf 'x,y,action\n0,0,1\n3,0,1\n4,0,1\n' >"$folder/beyond"
check_exit 2 "a state beyond the map" "$BELLMAN" trace GridWorld-v0 --state "$folder/beyond"
check_says "beyond:4: GridWorld-v0: x=4, y=0 is outside the map of 4 x 4 cells"
check_same "and nothing was printed" "" "$(cat "$folder/.out")"
printf '0,0.5,1\n' >"$folder/between"
check_exit 2 "a state between cells" "$BELLMAN" trace GridWorld-v0 --state "$folder/between"
check_says "between:1: GridWorld-v0: y=0.5 is no whole number"
printf '0\n1\n' >"$folder/two"
check_exit 2 "fewer actions than steps" "$BELLMAN" trace CartPole-v1 --actions "$folder/two" --steps 3
check_says "has 2 rows, fewer than the 3 steps asked for"

# ---- a start between walls, with moves into walls forbidden: the environment and the place are named
printf 'S#G\n##.\n' >"$folder/shut"
shut="--env-set map=$folder/shut --env-set mask_walls=true"
no_action="GridWorld-v0 allows no action in lane 0 at step 0 of its episode"
check_exit 1 "a trace where nothing is allowed" "$BELLMAN" trace GridWorld-v0 $shut
check_says "$no_action"
check_exit 1 "an episode to look at where nothing is allowed" "$BELLMAN" watch GridWorld-v0 $shut --headless --record "$folder/shut.gif"
check_says "$no_action"
if [ -e /dev/full ]; then
    full_disk() { "$BELLMAN" trace CartPole-v1 --steps 1000 >/dev/full; }
    check_exit 1 "a full disk" full_disk
fi
finish
