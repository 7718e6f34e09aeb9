#!/bin/bash
# What the presets learn, on seeds that no tuning used: learning.sh BELLMAN RUNS [JOBS]. Agents on CartPole over seeds 1 to 10; on
# every built-in map of GridWorld, with and without slip, over seeds 11 to 15, the exact gap of the learned policy to the optimal
# one, as a share of what lies between optimal and random. Takes a quarter of an hour on two cores.
set -eu
bellman=$1
runs=$2
jobs=${3:-2}

for agent in dqn reinforce; do
    "$bellman" train $agent CartPole-v1 --seed 1 --seeds 10 --jobs "$jobs" --runs "$runs" --quiet --json | tail -n 1 |
        python3 -c '
import json, sys
d = json.load(sys.stdin)
scores = [r["eval_return"] for r in d["runs"]]
seconds = sum(r["seconds"] for r in d["runs"]) / len(scores)
print("%-9s CartPole-v1: %.1f ± %.1f, least %.1f, %d of %d at least 475; %d steps, %.1f s a run" % (d["runs"][0]["agent"],
      d["eval_return_mean"], d["eval_return_std"], min(scores), sum(s >= 475 for s in scores), len(scores),
      d["runs"][0]["steps"], seconds))'
done

for agent in dqn reinforce; do
    for map in lake open cliff rooms maze treasure; do
        for slip in 0 0.2; do
            "$bellman" train $agent GridWorld-v0 --env-set map=$map --env-set slip=$slip --seed 11 --seeds 5 --jobs "$jobs" \
                --runs "$runs" --quiet --json | tail -n 1 |
                python3 -c '
import json, subprocess, sys
gaps = []
for run in json.load(sys.stdin)["runs"]:
    out = subprocess.run([sys.argv[1], "eval", run["run"], "--exact", "--json"], capture_output=True, text=True, check=True)
    gaps.append(100 * json.loads(out.stdout.splitlines()[-1])["exact"]["gap"])
print("%-9s GridWorld-v0 %-8s slip %-3s: gap %.2f %% in the mean, %.2f %% at most" % (*sys.argv[2:], sum(gaps) / len(gaps), max(gaps)))
' "$bellman" $agent $map $slip
        done
    done
done
