#!/bin/sh
# Evaluates the newest run below a folder, and records an episode of it: demo_after.sh BELLMAN RUNS.
set -eu
run=$(find "$2" -name last.safetensors -printf '%T@ %h\n' | sort -n | tail -n 1 | cut -d' ' -f2)
run=${run%/checkpoint}
echo
echo "$1 eval $run"
"$1" eval "$run"
echo
echo "$1 watch $run --headless --record $2/episode.gif"
"$1" watch "$run" --headless --record "$2/episode.gif"
