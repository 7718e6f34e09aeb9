# Actions that are numbers, from start to end: reinforce learns Point2D with its preset, a run continues exactly, and everything
# that shows an environment shows this one.
. tests/cli/lib.sh

within() { # within A B TOLERANCE: |A - B| <= TOLERANCE
    python3 -c 'import sys; a, b, t = map(float, sys.argv[1:]); sys.exit(not abs(a - b) <= t)' "$1" "$2" "$3"
}

check_into "$folder/trained" "reinforce on Point2D" "$BELLMAN" train reinforce Point2D-v0 --seed 1 --quiet --json --runs "$folder"
run=$(json "$folder/trained" run)
check "within 1 % of the best return, -(sqrt 0.13 + sqrt 0.05 + 0.1)" within "$(json "$folder/trained" eval_return)" -0.6842 0.007
check_into "$folder/eval" "its evaluation" "$BELLMAN" eval "$run" --episodes 3 --json
check_same "the same episode every time" "$(json "$folder/trained" eval_return)" "$(json "$folder/eval" mean_return)"
check_into "$folder/watched" "watched without a window" "$BELLMAN" watch "$run" --headless --episodes 1 --json
check_same "the same return" "$(json "$folder/eval" mean_return)" "$(json "$folder/watched" mean_return)"
check_into "$folder/noisy" "acting as in training" "$BELLMAN" eval "$run" --episodes 20 --stochastic --json
check "differs from episode to episode" python3 -c "import sys; sys.exit($(json "$folder/noisy" std_return) <= 0)"

# Ended after a third and continued: the bits of a run that was never interrupted, with a baseline and several lanes.
short="--no-preset --baseline --num-envs 3 --ent-coef 0.01 --seed 4 --eval-episodes 2 --quiet --json --runs $folder"
check_into "$folder/whole" "uninterrupted" "$BELLMAN" train reinforce Point2D-v0 --steps 12000 $short --name whole
check_into "$folder/part" "the first third" "$BELLMAN" train reinforce Point2D-v0 --steps 12000 --max-seconds 0.000001 $short --name part
check "was interrupted" python3 -c "import sys; sys.exit($(json "$folder/part" steps) >= 12000)"
check_into "$folder/resumed" "continued" "$BELLMAN" train --resume "$folder/Point2D-v0/reinforce/part" --max-seconds 1000 --quiet --json
check_same "the same hash" "$(json "$folder/whole" hash)" "$(json "$folder/resumed" hash)"

check_into "$folder/moved" "weights for another goal" "$BELLMAN" train reinforce Point2D-v0 --steps 3000 $short --name moved \
    --init-from "$run" --net-arch 64,64 --env-set goal_x=-0.3
printf '0.1,0.05\n-3,0.1\n' >"$folder/actions"
check_into "$folder/trace" "a trace of given actions" "$BELLMAN" trace Point2D-v0 --actions "$folder/actions"
check_same "the second one was clipped" "0 0.15000000596046448" "$(tail -n 1 "$folder/trace" | cut -d, -f5,6 | tr , ' ')"
check_exit 2 "nobody can type numbers" "$BELLMAN" play Point2D-v0
check_says "its actions are not single choices"
check_exit 2 "a goal out of range" "$BELLMAN" trace Point2D-v0 --env-set goal_x=11
check_says "goal_x"
check_exit 2 "an agent of choices" "$BELLMAN" train dqn Point2D-v0 --runs "$folder"
finish
