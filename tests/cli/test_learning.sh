# The agents learn, with their presets: CartPole to near its limit of 500, a slippery map to within 1 % of the optimum.
. tests/cli/lib.sh

at_least() { # at_least A B: A >= B
    python3 -c 'import sys; sys.exit(float(sys.argv[1]) < float(sys.argv[2]))' "$1" "$2"
}

check_into "$folder/reinforce" "reinforce on CartPole" "$BELLMAN" train reinforce CartPole-v1 --seed 1 --quiet --json --runs "$folder"
check "reaches 475" at_least "$(json "$folder/reinforce" eval_return)" 475
check_into "$folder/eval" "its evaluation" "$BELLMAN" eval "$(json "$folder/reinforce" run)" --json
check "on other episodes too" at_least "$(json "$folder/eval" mean_return)" 475
check_into "$folder/dqn" "dqn on a slippery lake" "$BELLMAN" train dqn GridWorld-v0 --env-set map=lake --env-set slip=0.2 --seed 1 \
    --quiet --json --runs "$folder"
check_into "$folder/exact" "its exact value" "$BELLMAN" eval "$(json "$folder/dqn" run)" --exact --json
check "is within 1 % of the optimum" at_least 0.01 "$(json "$folder/exact" exact gap)"
finish
