# A run killed at any moment (kill -9) and resumed ends with the hash of one that was never stopped; a damaged or unwritable
# folder is refused with one sentence and nothing is lost.
. tests/cli/lib.sh

runs=$folder/runs
kills=${KILLS:-20}

# Runs of about a second with frequent checkpoints: a replay buffer that wraps around, a rollout cut anywhere, one lane and four, and tasks
# of meta-learning. KILLS are shared out among them.
dqn="train dqn CartPole-v1 --no-preset --steps 40000 --learning-starts 100 --buffer-size 3000 --train-freq 8 --checkpoint-every 700
    --eval-every 3000 --eval-episodes 3"
reinforce="train reinforce CartPole-v1 --no-preset --baseline --checkpoint-every 1000 --eval-episodes 3"
common="--seed 3 --quiet --json --runs $runs"
declare -A command=(
    [dqn-1]="$dqn $common"
    [dqn-4]="$dqn --steps 60000 --num-envs 4 $common"
    [reinforce-1]="$reinforce --steps 50000 $common"
    [reinforce-4]="$reinforce --steps 60000 --num-envs 4 $common"
    [maml-1]="meta maml sinusoid --no-preset --meta-iterations 1200 --checkpoint-every 37 --eval-every 300 --eval-tasks 20
        --eval-final-tasks 20 --log-every 10 $common"
)

whole() { # whole AGENT: prints the hash of an uninterrupted run and leaves its seconds in $folder/AGENT.seconds
    local start
    start=$(date +%s.%N)
    "$BELLMAN" ${command[$1]} --name "whole-$1" >"$folder/$1.whole" || return 1
    echo "$(date +%s.%N) - $start" | bc >"$folder/$1.seconds" 2>/dev/null ||
        python3 -c "print($(date +%s.%N) - $start)" >"$folder/$1.seconds"
    json "$folder/$1.whole" hash
}

rows() { # the columns of progress.csv that do not tell the time
    python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1])):
    print([value for name, value in row.items() if name not in ("seconds", "time/fps")])' "$1/progress.csv"
}

for agent in dqn-1 dqn-4 reinforce-1 reinforce-4 maml-1; do
    want=$(whole $agent)
    seconds=$(cat "$folder/$agent.seconds")
    verb=${command[$agent]%% *}
    whole_run=$(json "$folder/$agent.whole" run)
    for i in $(seq $(((kills + 4) / 5))); do
        name=$agent-$i
        run=${whole_run%/*}/$name
        "$BELLMAN" ${command[$agent]} --name "$name" >/dev/null 2>&1 &
        pid=$!
        while [ ! -s "$run/checkpoint/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
        python3 -c "import random, time; time.sleep(random.random() * $seconds * 0.9)"
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        check_into "$folder/resumed" "resume $name" "$BELLMAN" "$verb" --resume "$run" --quiet --json
        check_same "kill $i of $agent: equal hash" "$want" "$(json "$folder/resumed" hash)"
        check_same "kill $i of $agent: equal rows" "$(rows "$whole_run")" "$(rows "$run")"
    done
    check_same "equal episodes" "$(cut -d, -f1,2 "$whole_run/monitor.csv" | tail -n +2)" \
        "$(cut -d, -f1,2 "$run/monitor.csv" | tail -n +2)"
done

# ---- a signal in the middle of an evaluation, where this run spends most of its time: the evaluation is made again
slow="train dqn CartPole-v1 --no-preset --steps 3000 --learning-starts 100 --buffer-size 1000 --eval-every 300
    --eval-episodes 100000 --seed 5 --quiet --json --runs $runs"
check_into "$folder/slow" "evaluated thoroughly" "$BELLMAN" $slow --name slow
for i in 1 2 3; do
    run=$runs/CartPole-v1/dqn/slow-$i
    "$BELLMAN" $slow --name "slow-$i" >/dev/null 2>&1 &
    pid=$!
    while [ ! -s "$run/checkpoint/last.safetensors" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
    sleep "0.$((i * 2))"
    kill -TERM $pid 2>/dev/null
    wait $pid
    check_same "signal $i: exit code" 143 $?
    check_into "$folder/resumed" "resume slow-$i" "$BELLMAN" train --resume "$run" --quiet --json
    check_same "signal $i: equal hash" "$(json "$folder/slow" hash)" "$(json "$folder/resumed" hash)"
    check_same "signal $i: equal rows" "$(rows "$runs/CartPole-v1/dqn/slow")" "$(rows "$run")"
done

# ---- damage
run=$runs/CartPole-v1/dqn/dqn-1-1
last=$run/checkpoint/last.safetensors
cp "$last" "$folder/good"
damaged() { # damaged NAME TEXT: both ways to open it refuse
    check_exit 1 "resume with $1" "$BELLMAN" train --resume "$run" --quiet
    check_says "$2"
    check_exit 1 "eval with $1" "$BELLMAN" eval "$run"
    cp "$folder/good" "$last"
}
head -c 5000 "$folder/good" >"$last"
damaged "a truncated checkpoint" "$last"
printf 'not a checkpoint' >"$last"
damaged "a foreign file" "$last"
: >"$last"
damaged "an empty file" "$last"
python3 -c 'import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[2], "wb").write(data)' "$folder/good" "$last"
damaged "a flipped bit" "$last"
printf '\377\377\377\377\377\377\377\177{}' >"$last"
damaged "an absurd header length" "$last"
rm "$last"
damaged "no checkpoint" "last"
replay=$(ls "$run"/checkpoint/replay*)
cp "$replay" "$folder/replay"
head -c 1000 "$folder/replay" >"$replay"
check_exit 1 "a truncated replay file" "$BELLMAN" train --resume "$run" --quiet
check_says "replay"
check "evaluation does not need it" "$BELLMAN" eval "$run" --episodes 2
cp "$folder/replay" "$replay"
check "all put back, it resumes" "$BELLMAN" train --resume "$run" --quiet

# ---- a disk that is full: the files may not grow beyond a limit; the previous checkpoint stays whole
before=$(cksum <"$last")
(
    trap '' XFSZ
    ulimit -f 4
    exec "$BELLMAN" train --resume "$run" --steps 60000 --quiet
) >"$folder/.out" 2>"$folder/.err"
check_same "a full disk: exit code" 1 $?
check_same "a full disk: one sentence" 1 "$(wc -l <"$folder/.err")"
check_same "a full disk: the checkpoint is as it was" "$before" "$(cksum <"$last")"
check "a full disk: no temporary file" test -z "$(find "$run" -name '*.tmp')"
check "with room again it goes on" "$BELLMAN" train --resume "$run" --steps 41000 --quiet

finish
