# bellman train: options and their precedence, several runs, files of a run folder, signals, and bad input.
. tests/cli/lib.sh

runs=$folder/runs
short="--steps 1500 --eval-episodes 3 --quiet --runs $runs --no-preset"
dqn="train dqn CartPole-v1 $short --learning-starts 100 --buffer-size 1000"

# ---- one run: JSON, files
check_into "$folder/one" "train dqn" "$BELLMAN" $dqn --name one --json
check_same "the keys of the JSON object" \
    "run agent env seed steps episodes updates seconds steps_per_second train_return eval_return eval_std hash" \
    "$(python3 -c 'import json, sys; print(*json.loads(sys.stdin.read()))' <"$folder/one")"
check_same "all the steps" 1500 "$(json "$folder/one" steps)"
check_same "16 hex digits" 16 "$(json "$folder/one" hash | tr -d '\n' | wc -c)"
one=$(json "$folder/one" run)
check_same "the run folder" "$runs/CartPole-v1/dqn/one" "$one"
for file in config.yaml progress.csv monitor.csv checkpoint/last.safetensors checkpoint/best.safetensors; do
    check "$file is there" test -s "$one/$file"
done
check "a TensorBoard file is there" sh -c "ls $one/events.out.tfevents.*"
check_same "no temporary files" "" "$(find "$one" -name '*.tmp')"
check_same "monitor.csv begins as Stable-Baselines3's" '#{"t_start"' "$(head -c 11 "$one/monitor.csv")"
check_same "monitor.csv's columns" r,l,t "$(sed -n 2p "$one/monitor.csv")"
check "progress.csv has the usual names" grep -q '^step,seconds,rollout/ep_rew_mean,.*rollout/exploration_rate,.*train/loss' "$one/progress.csv"
check_into "$folder/again" "train again" "$BELLMAN" $dqn --name again --json
check_same "the same command gives the same hash" "$(json "$folder/one" hash)" "$(json "$folder/again" hash)"
check_into "$folder/config" "train from config.yaml" "$BELLMAN" train dqn CartPole-v1 --no-preset --config "$one/config.yaml" \
    --quiet --runs "$runs" --name fromconfig --json
check_same "config.yaml holds the whole setting" "$(json "$folder/one" hash)" "$(json "$folder/config" hash)"

# ---- precedence: defaults < file < flags; names with - and _, --set, =
cat >"$folder/zoo.yml" <<'EOF'
defaults: &defaults
  policy: 'MlpPolicy'
  learning_rate: !!float 3e-3
  gamma: 0.95
CartPole-v1:
  <<: *defaults
  n_timesteps: !!float 1.2e3
  gamma: 0.9
  policy_kwargs: "dict(net_arch=[16, 8])"
EOF
check "an RL Zoo file" "$BELLMAN" $dqn --steps 1100 --config "$folder/zoo.yml" --name zoo --batch_size=16 --set gradient_steps=2
config=$runs/CartPole-v1/dqn/zoo/config.yaml
check "a flag wins over the file" grep -q '^  steps: 1100$' "$config"
check "the file wins over the default" grep -q '^  learning_rate: 0.003$' "$config"
check "a section's own key wins over a merged one" grep -q '^  gamma: 0.9$' "$config"
check "policy_kwargs are read" grep -q 'net_arch:.*16, *8' "$config"
check "a flag with _ and =" grep -q '^  batch_size: 16$' "$config"
check "--set" grep -q '^  gradient_steps: 2$' "$config"
check "an optimizer's setting before the optimizer" "$BELLMAN" $dqn --name opt --optimizer.momentum 0.9 --optimizer sgd
check "is kept" grep -q '^  optimizer.momentum: 0.9$' "$runs/CartPole-v1/dqn/opt/config.yaml"
check "a switch" "$BELLMAN" train reinforce CartPole-v1 $short --baseline --normalize false --name switch
check "is on" grep -q '^  baseline: true$' "$runs/CartPole-v1/reinforce/switch/config.yaml"
check "is off" grep -q '^  normalize: false$' "$runs/CartPole-v1/reinforce/switch/config.yaml"
check "an environment's option" "$BELLMAN" train dqn GridWorld-v0 $short --env-set map=cliff --env-set slip=0.2 --name grid
check "is written" grep -q '^    map: cliff$' "$runs/GridWorld-v0/dqn/grid/config.yaml"

# ---- several runs; their number at a time changes nothing
check_into "$folder/jobs1" "three seeds" "$BELLMAN" $dqn --seed 4 --seeds 3 --jobs 1 --json --name j1
check_into "$folder/jobs2" "three seeds, two at a time" "$BELLMAN" $dqn --seed 4 --seeds 3 --jobs 2 --json --name j2
for i in 0 1 2; do
    check_same "run $i is the same" "$(json "$folder/jobs1" runs $i hash)" "$(json "$folder/jobs2" runs $i hash)"
    check_same "run $i has its seed" $((4 + i)) "$(json "$folder/jobs1" runs $i seed)"
done
check "the mean over runs" python3 -c 'import json, sys
d = json.loads(open(sys.argv[1]).readlines()[-1])
mean = sum(r["eval_return"] for r in d["runs"]) / 3
sys.exit(abs(mean - d["eval_return_mean"]) > 1e-9)' "$folder/jobs1"

# ---- --init-from, --stop-at-return, --max-seconds, --keep
check "--init-from" "$BELLMAN" $dqn --init-from "$one" --name init
check_into "$folder/stop" "--stop-at-return" "$BELLMAN" $dqn --stop-at-return 1 --eval-every 300 --name stop --json
check_same "stops at the first evaluation that reaches it" 300 "$(json "$folder/stop" steps)"
check_into "$folder/time" "--max-seconds" "$BELLMAN" $dqn --steps 100000000 --max-seconds 0.2 --name time --json
check "ends early" test "$(json "$folder/time" steps)" -lt 100000000
check "--keep" "$BELLMAN" $dqn --checkpoint-every 300 --keep 2 --name keep
check_same "keeps the last two numbered checkpoints" "step-000001200.safetensors step-000001500.safetensors" \
    "$(cd "$runs/CartPole-v1/dqn/keep/checkpoint" && echo step-*)"

check_into "$folder/stop2" "a run that stopped at its goal" "$BELLMAN" train --resume "$runs/CartPole-v1/dqn/stop" --quiet --json
check_same "has nothing left to do" "$(json "$folder/stop" hash)" "$(json "$folder/stop2" hash)"
check_same "the result is kept" 300 "$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["steps"])' "$runs/CartPole-v1/dqn/stop/result.json")"

# ---- many lanes: a batch has an episode of every lane, and the short ones do not crowd it
check_into "$folder/lanes" "reinforce with 16 lanes" "$BELLMAN" train reinforce CartPole-v1 --num-envs 16 --steps 200000 \
    --quiet --runs "$runs" --name lanes --json
check "learns" python3 -c 'import sys; sys.exit(float(sys.argv[1]) < 300)' "$(json "$folder/lanes" eval_return)"

# ---- training that diverges says so
check_exit 1 "a learning rate far too high" "$BELLMAN" $dqn --optimizer sgd --learning-rate 1 \
    --max-grad-norm 0 --loss mse --train-freq 1 --target-update-interval 10 --activation identity --name diverges
check_says "diverged at step"

# ---- a signal saves and says how to go on
for signal in INT:130 TERM:143; do
    name=${signal%:*}
    "$BELLMAN" $dqn --steps 100000000 --name "sig$name" 2>"$folder/sig" &
    pid=$!
    while [ ! -s "$runs/CartPole-v1/dqn/sig$name/checkpoint/last.safetensors" ]; do sleep 0.05; done
    check_exit 1 "a second process on the same run" "$BELLMAN" train --resume "$runs/CartPole-v1/dqn/sig$name" --quiet
    check_says "another process"
    kill "-$name" $pid
    wait $pid
    check_same "exit code of SIG$name" "${signal#*:}" $?
    check "it says how to continue" grep -qF -- "--resume $runs/CartPole-v1/dqn/sig$name" "$folder/sig"
    check "what was saved can be evaluated" "$BELLMAN" eval "$runs/CartPole-v1/dqn/sig$name" --episodes 2
done

# ---- help
check_output "train --help names the verb's options" "--init-from=RUN" "$BELLMAN" train --help
check_output "train dqn --help lists hyperparameters" "--target-update-interval=N" "$BELLMAN" train dqn CartPole-v1 --help
check_output "with ranges" "discount per step (0.99; 0..1; live)" "$BELLMAN" train dqn --help
check_output "and the environment's options" "slip=" "$BELLMAN" train dqn GridWorld-v0 --help
check_output "and the optimizer's own" "--optimizer.beta1=X" "$BELLMAN" train dqn --help
check_output "bellman --help shows the first three commands" "bellman train dqn CartPole-v1" "$BELLMAN" --help
check "bellman --help fits a screen" test "$("$BELLMAN" --help | wc -l)" -le 24

# ---- bad input: one sentence, exit 2 or 1, no run folder left by a usage error
says() { # says CODE TEXT ARGUMENTS...
    local code=$1 text=$2
    shift 2
    check_exit "$code" "$*" "$BELLMAN" "$@"
    check_says "$text"
}
before=$(find "$runs" -mindepth 3 -maxdepth 3 | wc -l)
says 2 "did you mean train?" trian
says 2 "did you mean dqn?" train dqm CartPole-v1
says 2 "did you mean CartPole-v1?" train dqn CartPole-v2
says 2 "did you mean --learning-rate?" train dqn CartPole-v1 --lerning-rate 1e-3
says 2 "did you mean" train dqn CartPole-v1 --set lerning_rate=1e-3
says 2 "did you mean" train dqn CartPole-v1 --optimizer.bta1 0.9
says 2 "did you mean" train dqn GridWorld-v0 --env-set mapp=lake
says 2 "--gamma needs a value" train dqn CartPole-v1 --gamma
says 2 "gamma=1.5 outside [0, 1]" $dqn --gamma 1.5
says 2 "gamma=nan" $dqn --gamma nan
says 2 "batch_size=abc" $dqn --batch-size abc
says 2 "batch_size=1.5" $dqn --batch-size 1.5
says 2 "learning_rate=-1" $dqn --learning-rate=-1
says 2 "net_arch" $dqn --net-arch 64,x
says 2 "loss=hubber" $dqn --loss hubber
says 2 "--quiet takes no value" train dqn CartPole-v1 --quiet=3
says 2 "--seeds=0" $dqn --seeds 0
says 2 "agent and an environment" train dqn
says 2 "too large" $dqn --seed 2147483647 --seeds 2
says 2 "without --name" train --resume "$one" --name x
says 2 "key=value" $dqn --set gamma
says 2 "name=" $dqn --name a/b
says 1 "$folder/none.yml" $dqn --config "$folder/none.yml"
printf 'CartPole-v1:\n  gama: 0.9\n' >"$folder/bad.yml"
says 2 "bad.yml:2" $dqn --config "$folder/bad.yml"
printf 'CartPole-v1: [\n' >"$folder/broken.yml"
says 2 "broken.yml:" $dqn --config "$folder/broken.yml"
printf 'Pong-v5:\n  gamma: 0.9\n' >"$folder/other.yml"
says 2 "no section for CartPole-v1" $dqn --config "$folder/other.yml"
printf '..S.\n...\n..G.\n' >"$folder/ragged.txt"
says 2 "ragged.txt, line 2" train dqn GridWorld-v0 $short --env-set "map=$folder/ragged.txt"
printf '....\n..G.\n' >"$folder/startless.txt"
says 2 "startless.txt" train dqn GridWorld-v0 $short --env-set "map=$folder/startless.txt"
check_same "no run folder from a wrong command" "$before" "$(find "$runs" -mindepth 3 -maxdepth 3 | wc -l)"
python3 -c 'print("S" + "." * 99); print(("." * 100 + "\n") * 98 + "." * 99 + "G")' >"$folder/large.txt"
says 1 "buffer_size=10000000 needs" train dqn GridWorld-v0 $short --env-set "map=$folder/large.txt" \
    --env-set observation=onehot --buffer-size 10000000
says 2 "neither agent nor environment" train dqn CartPole-v1 --resume "$one"
says 2 "a resumed run keeps its gamma" train --resume "$one" --gamma 0.5 --quiet
says 1 "no run folder" train --resume "$folder/nowhere" --quiet
mkdir "$folder/empty"
says 1 "not a run folder" train --resume "$folder/empty" --quiet
says 1 "no run folder" $dqn --init-from "$folder/nowhere" --name ini
says 1 "agent.nets.q.dense0.kernel" $dqn --init-from "$one" --net-arch 7 --name ini2

# ---- a map that changes under a run: its start is shut in, and moves into walls are forbidden
printf 'S.G\n##.\n' >"$folder/map"
check "train with masks" "$BELLMAN" train dqn GridWorld-v0 $short --env-set map="$folder/map" --env-set mask_walls=true --name shut
printf 'S#G\n##.\n' >"$folder/map"
check_exit 1 "an evaluation where nothing is allowed" "$BELLMAN" eval "$runs/GridWorld-v0/dqn/shut"
check_says "GridWorld-v0 allows no action in lane 0 at step 0 of its episode"
check_exit 1 "training where nothing is allowed" "$BELLMAN" train dqn GridWorld-v0 $short --env-set map="$folder/map" --env-set mask_walls=true --name none
check_says "GridWorld-v0 allows no action in lane 0 at step 0 of its episode"
check_exit 1 "tasks where nothing is allowed" "$BELLMAN" meta fomaml GridWorld-v0 --quiet --runs "$runs" \
    --env-set "map=$folder/map,mask_walls=true" --task-range slip=0:0.1 --meta-iterations 1
check_says "GridWorld-v0 allows no action in lane 0 at step 0 of its episode"

finish
