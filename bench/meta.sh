#!/bin/bash
# How far the presets of meta-learning adapt, on seeds that no tuning used: meta.sh BELLMAN RUNS [JOBS]. Seeds 1 to 3, 600 new tasks each,
# the last parameters, beside the baselines of bellman meta eval. Takes about a quarter of an hour on two cores.
set -eu
bellman=$1
runs=$2
jobs=${3:-2}

for what in "maml sinusoid" "reptile sinusoid" "maml digits" "maml point2d"; do
    read -r learner tasks <<<"$what"
    "$bellman" meta "$learner" "$tasks" --seeds 3 --jobs "$jobs" --runs "$runs" --name bench --quiet >/dev/null
    for seed in 1 2 3; do
        steps=0,1,5,10
        [ "$tasks" != point2d ] || steps=0,1,2,3
        "$bellman" meta eval "$runs/$tasks/$learner/bench-seed$seed" --adapt-steps $steps --tasks 600 --quiet
    done
done
