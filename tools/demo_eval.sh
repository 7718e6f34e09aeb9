#!/bin/sh
# Evaluates the newest run below a folder: demo_eval.sh BELLMAN RUNS.
set -eu
run=$(find "$2" -name last.safetensors -printf '%T@ %h\n' | sort -n | tail -n 1 | cut -d' ' -f2)
echo
echo "$1 eval ${run%/checkpoint}"
"$1" eval "${run%/checkpoint}"
