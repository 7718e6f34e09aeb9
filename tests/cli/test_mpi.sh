# bellman tune under mpirun and under a Slurm of our own, on this machine: the same trials with any number of ranks, and what ends what.
# The program is $BELLMAN where it was built with MPI=1, else the one that `make test` links beside it where Open MPI is installed.
. tests/cli/lib.sh

db=$folder/tune.db
out=$folder/json
study="tune optim:rosenbrock --sampler random --pruner none --finalists 0 --seed 4 --quiet --json --storage $db"
endless="--steps 1000000000 --folds 1 --trials 9"
# Root may (in a container), three ranks fit on any machine, messages take the shortest way, and a sanitizer does not look for what
# Open MPI leaves behind.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1 ASAN_OPTIONS=detect_leaks=0

has_mpi() {
    ldd "$1" 2>/dev/null | grep -q libmpi
}
# trials STUDY: "parameters value" of its complete trials, sorted; they do not depend on who ran them
trials() {
    python3 - "$db" "$1" <<'PYTHON'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=30)
rows = base.execute("""SELECT t.trial_id, v.value FROM trials t JOIN studies USING (study_id) JOIN trial_values v USING (trial_id)
    WHERE study_name = ? AND t.state = 'COMPLETE'""", (sys.argv[2],)).fetchall()
params = "SELECT param_value FROM trial_params WHERE trial_id = ? ORDER BY param_name"
print(*sorted(f"{[p for p, in base.execute(params, (trial,))]} {value!r}" for trial, value in rows), sep="\n")
PYTHON
}
states() { # states STUDY: "complete failed running"
    python3 - "$db" "$1" <<'PYTHON'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=30)
states = [s for s, in base.execute("SELECT state FROM trials JOIN studies USING (study_id) WHERE study_name = ?", (sys.argv[2],))]
print(*(states.count(s) for s in ("COMPLETE", "FAIL", "RUNNING")))
PYTHON
}
until_says() { # until_says WANTED COMMAND...: waits until the command prints that
    local wanted=$1
    shift
    for _ in $(seq 300); do
        [ "$("$@" 2>/dev/null)" = "$wanted" ] && return
        sleep 0.1
    done
    fail "waited for '$wanted'" "$* says '$("$@" 2>&1)'"
}
children() {
    ps -o pid= --ppid "$1" | xargs
}

# ---- without a launcher, or without MPI

check_into "$out" "started alone, a program is one rank" "$BELLMAN" $study --steps 20 --trials 12 --jobs 2 --study alone
check_same "whose trials are complete" "12 0 0" "$(states alone)"
check_into "$out" "one rank of mpirun, too" env OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 "$BELLMAN" $study --steps 20 --trials 12 --study one
if ! has_mpi "$BELLMAN"; then
    check_exit 1 "several without MPI are refused" env OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK=0 "$BELLMAN" $study --study never
    check_says "built without MPI"
    check "and only the first one speaks" env SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=1 "$BELLMAN" $study --study never
    check_same "not this one" "" "$(cat "$folder/.out" "$folder/.err")"
    check_same "nothing was made" "0 0 0" "$(states never)"
    BELLMAN=$BELLMAN-mpi
fi
if [ ! -x "$BELLMAN" ] || ! has_mpi "$BELLMAN" || ! command -v mpirun >/dev/null; then
    echo "Open MPI (libopenmpi-dev, openmpi-bin) is not installed: several ranks are not tested"
    finish
fi

# ---- the same trials

ranks() { # ranks N WORDS...
    local count=$1
    shift
    mpirun -n "$count" "$BELLMAN" "$@" </dev/null
}
for count in 2 3; do
    check_into "$out" "$count ranks" ranks $count $study --steps 20 --trials 12 --study "ranks$count"
    check_same "without a word on standard error" "" "$(cat "$folder/.err")"
    check_same "the same trials" "$(trials alone)" "$(trials "ranks$count")"
done
check_into "$out" "two workers a rank" ranks 3 $study --steps 20 --trials 12 --study six --jobs 2
check_same "the same trials" "$(trials alone)" "$(trials six)"
check_into "$out" "every sampler and pruner hears of all reports" ranks 3 tune optim:rosenbrock --steps 64 --trials 40 --sampler tpe --pruner asha --quiet --json --storage "$db" --study pruned
check_same "every trial is complete or pruned" "40" "$(($(json "$out" complete) + $(json "$out" pruned)))"
check "some are pruned" test "$(json "$out" pruned)" -gt 0
check_same "the best was tested" 10 "$(json "$out" test seeds)"
check_into "$out" "agents are trained" ranks 3 tune dqn CartPole-v1 --steps 500 --trials 3 --folds 1 --finalists 0 --sampler random --pruner none --quiet --json --storage "$db" --study trained
check_same "by every rank" "3 0" "$(json "$out" complete) $(json "$out" failed)"

# ---- words: mpirun adds a page of its own where the exit code is not 0

refused() { # refused CODE TEXT WORDS...
    local code=$1 text=$2 status=0
    shift 2
    ranks 3 "$@" >"$folder/.out" 2>"$folder/.err" || status=$?
    check_same "exit code of: $*" "$code" "$status"
    check_same "one rank says '$text'" 1 "$(grep -c '^bellman: ' "$folder/.err")"
    check_says "$text"
}
refused 2 "unknown option --bogus" tune optim:rosenbrock --bogus
refused 2 "tune wants an agent and an environment" tune dqn
refused 2 "--jobs=86 is not a whole number from 1 to 85" $study --jobs 86
refused 2 "with other" $study --study alone --steps 21
refused 1 "there is no folder" $study --storage "$folder/nowhere/tune.db"
check_into "$out" "--show" ranks 3 tune --show "$db" --study alone
check_same "is shown once" 1 "$(grep -c '^alone ' "$out")"
check_into "$out" "--help" ranks 3 tune --help
check_same "helps once" 1 "$(grep -c '^Usage' "$out")"

# ---- what ends what

begin() { # begin STUDY: three ranks at work on endless trials; $mpirun, $rank[0..2]
    mpirun -n 3 "$BELLMAN" $study $endless --study "$1" </dev/null >"$out" 2>"$folder/.err" &
    mpirun=$!
    until_says "0 0 3" states "$1"
    rank=()
    for pid in $(children $mpirun); do
        rank[$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')]=$pid
    done
}
count_children() {
    children "$1" | wc -w
}
all_workers() {
    for pid in "${rank[@]}"; do
        children "$pid"
    done | xargs
}
is_gone() { # zombies are
    ps -o stat= -p "$1" | grep -qv '^Z' || echo gone
}
end() { # end NAME CODE: the ranks and their trials go with mpirun
    local status=0
    wait $mpirun || status=$?
    check_same "$1: exit code" "$2" "$status"
    for pid in "${rank[@]}" $workers; do
        until_says gone is_gone "$pid"
    done
}
busy() { # busy PID: hundredths of a second of processor time so far
    sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

begin crash
before=$(busy "${rank[1]}")
until_says 1 count_children "${rank[1]}"
workers=$(children "${rank[1]}")
kill -KILL $workers
until_says "0 1 3" states crash
check "the next trial began at once" test -n "$(children "${rank[1]}")"
sleep 2
check "a rank that waits leaves the processor to its trial" test $(($(busy "${rank[1]}") - before)) -lt 60
workers=$(all_workers)
kill -INT "${rank[0]}"
end "Ctrl-C" 130
check_says "stopped, and saved"
check_same "a crashed trial has failed, the others wait" "0 1 3" "$(states crash)"

begin stopped
workers=$(all_workers)
kill -TERM $mpirun
end "SIGTERM to mpirun" 1
check_same "no trial has failed" "0 0 3" "$(states stopped)"

begin killed
workers=$(all_workers)
kill -KILL "${rank[2]}"
end "a rank is killed" 137
check_same "no trial has failed" "0 0 3" "$(states killed)"

# The same command continues: twelve short trials, rank 2 killed on the way.
mpirun -n 3 "$BELLMAN" $study --steps 300000 --trials 12 --study continued </dev/null >"$out" 2>"$folder/.err" &
mpirun=$!
for _ in $(seq 600); do
    [ "$(states continued 2>/dev/null | cut -d' ' -f1)" -ge 3 ] 2>/dev/null && break
    sleep 0.05
done
kill -KILL "$(children $mpirun | cut -d' ' -f3)"
wait $mpirun
some=$(trials continued)
check_into "$out" "the same command" ranks 3 $study --steps 300000 --trials 12 --study continued
check_same "continues the study" "12 0 0" "$(states continued)"
check_same "and lost nothing" "$some" "$(comm -12 <(echo "$some" | sort) <(trials continued | sort))"

# ---- Slurm

if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v srun >/dev/null; then
    echo "slurm-wlm is not installed: srun is not tested"
    finish
fi
if [ "$(id -u)" != 0 ]; then
    echo "not root, who alone may start a slurmd: srun is not tested"
    finish
fi
host=$(hostname -s)
mkdir "$folder/state" "$folder/spool"
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
export SLURM_CONF=$folder/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=bellman
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
END
slurmctld -D -i >"$folder/slurmctld.log" 2>&1 &
controller=$!
slurmd -D >"$folder/slurmd.log" 2>&1 &
node=$!
trap 'kill $node $controller 2>/dev/null; wait $node $controller 2>/dev/null; rm -rf "$folder"' EXIT
until_says idle sinfo --noheader --format=%T

check_into "$out" "three tasks" srun --mpi=pmix -n 3 "$BELLMAN" $study --steps 20 --trials 12 --study srun
check_same "the same trials" "$(trials alone)" "$(trials srun)"
status=0
srun --mpi=pmix -n 3 "$BELLMAN" tune optim:rosenbrock --bogus 2>"$folder/.err" || status=$?
check_same "wrong words: exit code" 2 "$status"
check_same "one task says so" 1 "$(grep -c '^bellman: ' "$folder/.err")"
status=0
srun --mpi=none -n 3 "$BELLMAN" $study --study never 2>"$folder/.err" || status=$?
check_same "tasks that do not find each other: exit code" 1 "$status"
check_same "one says so" 1 "$(grep -c '^bellman: ' "$folder/.err")"
check_says "srun --mpi=pmix"

srun --mpi=pmix -n 3 "$BELLMAN" $study $endless --study cancelled >"$out" 2>"$folder/.err" &
srun=$!
until_says "0 0 3" states cancelled
scancel "$(squeue --noheader --format=%i)"
status=0
wait $srun || status=$?
check_same "scancel: exit code" 143 "$status"
check_says "stopped, and saved"
check_same "no trial has failed" "0 0 3" "$(states cancelled)"

printf '#!/bin/bash\nsrun --mpi=pmix %s %s --steps 20 --trials 12 --study batch\n' "$(realpath "$BELLMAN")" "$study" >"$folder/batch.sh"
check "sbatch" sbatch --wait -n 3 --output="$folder/batch.log" "$folder/batch.sh"
check_same "the same trials" "$(trials alone)" "$(trials batch)"
finish
