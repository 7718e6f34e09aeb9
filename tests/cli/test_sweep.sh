# bellman sweep: the grid's runs and what they are told, the table and the JSON against the runs' own results, what is there already,
# kill -9 and Ctrl-C in the middle, runs that fail, curves, bad input.
#
# KILLS=N: how often a sweep is killed (default 4).
. tests/cli/lib.sh

runs=$folder/runs
out=$folder/json
short="--steps 1500 --eval-episodes 3 --no-preset --learning-starts 100 --buffer-size 1000 --runs $runs"
dqn="sweep dqn CartPole-v1 $short --quiet"
agent=$runs/CartPole-v1/dqn

hashes() { # hashes FOLDER: of all runs in it, from their result.json
    python3 -c 'import glob, json, os, sys
for path in sorted(glob.glob(glob.escape(sys.argv[1]) + "/*/result.json")):
    print(os.path.basename(os.path.dirname(path)), json.load(open(path))["hash"])' "$1"
}
value() { # value RUN KEY: as config.yaml has it
    sed -n "s/^ *$2: //p" "$1/config.yaml" | tr -d \'\"
}
names() { # names FOLDER: of the runs in it
    (cd "$1" && for run in */; do printf '%s\n' "${run%/}"; done | LC_ALL=C sort)
}

# ---- the grid

check_into "$out" "a grid" "$BELLMAN" $dqn --set learning_rate=1e-3,1e-2 --set gamma=0.9,0.99 --seeds 2 --seed 4 --batch-size 16 --json
sweep=$agent/sweep-learning_rate-gamma
check_same "every combination has a run for every seed" "$(for rate in 0.001 0.01; do
    for gamma in 0.9 0.99; do
        printf "learning_rate=$rate,gamma=$gamma-seed%d\n" 4 5
    done
done)" "$(names "$sweep")"
for run in "$sweep"/*/; do
    run=${run%/}
    check_same "a run has what its name says" "${run##*/}" \
        "learning_rate=$(value "$run" learning_rate),gamma=$(value "$run" gamma)-seed$(value "$run" seed)"
    check_same "and what all have" 16 "$(value "$run" batch_size)"
done
check_same "the JSON names the sweep" "$sweep dqn CartPole-v1 8 $sweep/sweep.svg" \
    "$(for key in folder agent env runs plot; do json "$out" $key; done | xargs)"
check_same "a combination after the other" "0.001 0.9,0.001 0.99,0.01 0.9,0.01 0.99" "$(python3 -c 'import json, sys
print(",".join(" ".join(str(v) for v in s["values"].values()) for s in json.load(open(sys.argv[1]))["settings"]))' "$out")"
check_same "its numbers are those of the runs" True "$(python3 -c 'import glob, json, statistics, sys
report, folder = json.load(open(sys.argv[1])), sys.argv[2]
good, means = True, []
for s in report["settings"]:
    v = s["values"]
    runs = [json.load(open(p)) for p in sorted(glob.glob("%s/learning_rate=%s,gamma=%s-seed*/result.json" % (folder, v["learning_rate"], v["gamma"])))]
    scores = [r["eval_return"] for r in runs]
    means.append(statistics.mean(scores))
    good &= len(runs) == s["seeds"] == 2 and runs == s["runs"]
    good &= abs(s["eval_return_mean"] - means[-1]) < 1e-9 and abs(s["eval_return_std"] - statistics.pstdev(scores)) < 1e-9
    good &= s["eval_return_min"] == min(scores)
    good &= abs(s["steps_per_second"] - statistics.mean(r["steps_per_second"] for r in runs)) < 1e-6
print(good and report["best"] == report["settings"][means.index(max(means))]["values"])' "$out" "$sweep")"

check_into "$folder/table" "the same command" "$BELLMAN" $dqn --set learning_rate=1e-3,1e-2 --set gamma=0.9,0.99 --seeds 2 --seed 4 --batch-size 16
check_same "the table has the same numbers" True "$(python3 -c 'import json, sys
report = json.load(open(sys.argv[1]))
lines = [line.split() for line in open(sys.argv[2]).read().splitlines()]
rows, good = lines[1:5], lines[0] == "learning_rate gamma eval return min seeds steps/s".split()
for s, row in zip(report["settings"], rows):
    mean, std, least = (float(row[i]) for i in (2, 4, 5))
    good &= [float(x) for x in row[:2]] == list(s["values"].values()) and row[3] == "±" and row[6] == "2"
    good &= abs(mean - s["eval_return_mean"]) <= 0.05 + 1e-9 and abs(std - s["eval_return_std"]) <= 0.05 + 1e-9
    good &= abs(least - s["eval_return_min"]) <= 0.05 + 1e-9 and (row[-1] == "best") == (s["values"] == report["best"])
print(good)' "$out" "$folder/table")"
check "it says where the curves are" grep -qxF "curves: $sweep/sweep.svg" "$folder/table"
check "and what to watch" grep -q "^see the best play: bellman watch $sweep/learning_rate=" "$folder/table"

check_into "$folder/one" "train with one of the settings" "$BELLMAN" train dqn CartPole-v1 $short --quiet --json --name one \
    --learning-rate 1e-2 --gamma 0.9 --seed 5 --batch-size 16
check_same "is the same run" "$(json "$folder/one" hash)" "$(hashes "$sweep" | sed -n 's/^learning_rate=0.01,gamma=0.9-seed5 //p')"

# ---- its runs are runs as any other

check_output "runs lists them" "learning_rate=0.01,gamma=0.9-seed5" "$BELLMAN" runs "$runs"
check_into "$out" "plot finds them" "$BELLMAN" plot "$sweep" -o "$folder/plot.svg" --json
check_same "and the settings" "dqn learning_rate=0.001 gamma=0.9:2" "$(python3 -c 'import json, sys
print(*(s["label"] + ":" + str(s["runs"]) for s in json.load(open(sys.argv[1]))["settings"][:1]))' "$out")"
check "eval plays one" "$BELLMAN" eval "$sweep/learning_rate=0.01,gamma=0.9-seed5" --episodes 2
check "train continues one" "$BELLMAN" train --resume "$agent/one" --steps 1600 --quiet

# ---- what is there already is not trained again; more values and seeds are

two="--set learning_rate=1e-3,1e-2 --name two --json"
check_into "$out" "two values, one at a time" "$BELLMAN" $dqn $two --seeds 2 --jobs 1
before=$(hashes "$agent/two")
check_same "four runs" 4 "$(printf '%s\n' "$before" | wc -l)"
check "two at a time" "$BELLMAN" $dqn --set learning_rate=1e-3,1e-2 --name jobs2 --seeds 2 --jobs 2
check_same "give the same runs" "$before" "$(hashes "$agent/jobs2")"
touch -d '2001-02-03' "$agent/two"/*/result.json
check_into "$folder/again" "the same again" "$BELLMAN" $dqn $two --seeds 2
check_same "trains nothing" 0 "$(find "$agent/two" -name result.json -newermt 2001-02-04 | wc -l)"
check_same "and says the same" "$(cat "$out")" "$(cat "$folder/again")"
check_into "$out" "more values and seeds" "$BELLMAN" $dqn --set learning_rate=1e-2,1e-3,1e-4 --name two --seeds 3 --json
check_same "train what is new" 5 "$(find "$agent/two" -name result.json -newermt 2001-02-04 | wc -l)"
check_same "and keep the rest" "$before" "$(hashes "$agent/two" | grep -v 0.0001 | grep -v seed3)"
rm "$agent/two/learning_rate=0.01-seed1/result.json"
check "a result that is lost" "$BELLMAN" $dqn $two --seeds 2
check_same "is found again" "$before" "$(hashes "$agent/two" | grep -v 0.0001 | grep -v seed3)"

check_exit 2 "other settings in the same folder" "$BELLMAN" $dqn $two --seeds 2 --gamma 0.5
check_says "was made with gamma=0.99, not 0.5; give this sweep a --name of its own"
check_exit 2 "fewer steps" "$BELLMAN" $dqn $two --seeds 2 --steps 1000
check_says "was made with steps=1500, not 1000"
check_exit 2 "a run's folder is none for a sweep" "$BELLMAN" $dqn --set gamma=0.9 --name one
check_says "is the folder of a run"

# ---- a run that was killed before it had a checkpoint begins again; what else lies there is not touched

begun=$agent/two/learning_rate=0.01-seed2
rm -r "$begun" && mkdir -p "$begun/checkpoint"
touch "$begun/config.yaml" "$begun/progress.csv" "$begun/events.out.tfevents.1" "$begun/checkpoint/lock" "$begun/checkpoint/last.safetensors.tmp"
check "a run that has just begun" "$BELLMAN" $dqn $two --seeds 2
check_same "begins again" "$before" "$(hashes "$agent/two" | grep -v 0.0001 | grep -v seed3)"
check_same "without the remains" 1 "$(find "$begun" -name 'events*' | wc -l)"
rm -r "$begun" && mkdir -p "$begun/checkpoint"
echo mine >"$begun/notes.txt"
check_exit 1 "somebody's file in the way" "$BELLMAN" $dqn $two --seeds 2
check_says "learning_rate=0.01-seed2 failed:"
check_same "the others are told" "1 2" "$(tail -n 1 "$folder/.out" | python3 -c 'import json, sys
report = json.load(sys.stdin)
print(len(report["failed"]), report["settings"][0]["seeds"])')"
check "is still there" grep -q mine "$begun/notes.txt"
rm -r "$begun"
printf 'broken' >"$agent/two/learning_rate=0.01-seed1/checkpoint/last.safetensors"
check_exit 1 "a damaged checkpoint" "$BELLMAN" $dqn $two --seeds 2
check_says "is damaged"

# ---- kill -9, SIGINT: the same command goes on and ends as if nothing had happened

longer="sweep dqn CartPole-v1 --no-preset --steps 12000 --eval-episodes 3 --learning-starts 100 --buffer-size 3000 --checkpoint-every 700
    --set learning_rate=1e-3,1e-2 --seeds 2 --jobs 2 --quiet --json --runs $runs"
check "uninterrupted" "$BELLMAN" $longer --name whole
want=$(hashes "$agent/whole")
check_same "four results" 4 "$(printf '%s\n' "$want" | wc -l)"
for _ in $(seq "${KILLS:-4}"); do
    "$BELLMAN" $longer --name killed >/dev/null 2>&1 &
    pid=$!
    python3 -c 'import random, time; time.sleep(random.random() * 1.5)'
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
done
check "the same command after kill -9" "$BELLMAN" $longer --name killed
check_same "equal hashes" "$want" "$(hashes "$agent/killed")"

"$BELLMAN" $longer --name stopped >/dev/null 2>"$folder/told" &
pid=$!
for _ in $(seq 200); do
    [ -s "$agent/stopped/learning_rate=0.001-seed1/progress.csv" ] && break
    sleep 0.05
done
check_exit 1 "a second process" "$BELLMAN" $longer --name stopped
check_says "by another process"
kill -INT $pid
wait $pid
check_same "exit code of SIGINT" 130 $?
check "it says how to go on" grep -q '^interrupted and saved: [0-3] of 4 runs have ended; the same command goes on$' "$folder/told"
check "the same command after SIGINT" "$BELLMAN" $longer --name stopped
check_same "equal hashes too" "$want" "$(hashes "$agent/stopped")"

# ---- a run that diverges is told, and the others are trained

diverges="--optimizer sgd --max-grad-norm 0 --loss mse --train-freq 1 --target-update-interval 10 --activation identity"
check_exit 1 "one of two diverges" "$BELLMAN" $dqn $diverges --set learning_rate=1e-5,1 --seeds 1 --name diverges --json
check_says "learning_rate=1-seed1 failed: training diverged at step"
cp "$folder/.out" "$out"
check_same "the failure" "$agent/diverges/learning_rate=1-seed1" "$(json "$out" failed 0 run)"
check_same "no number for it" "None 0" "$(json "$out" settings 1 eval_return_mean | sed 's/null/None/') $(json "$out" settings 1 seeds)"
check_same "the other is the best" 1e-05 "$(json "$out" best learning_rate)"
"$BELLMAN" $dqn $diverges --set learning_rate=1e-5,1 --seeds 1 --name diverges >"$folder/table" 2>/dev/null
check_same "still so the next time" 1 $?
check "its row has no numbers" grep -qE '^1 +- +- +0 of 1 +-$' "$folder/table"

# ---- lists, kinds, options of kinds, options of the environment; names of files that shells and file systems take

check_into "$out" "lists, in brackets or quotes" "$BELLMAN" $dqn --set 'net_arch=[8,4],"16,8",[32]' --seeds 1 --json
check_same "are folders of plain names" "net_arch=16x8-seed1 net_arch=32-seed1 net_arch=8x4-seed1" "$(names "$agent/sweep-net_arch" | xargs)"
check_same "and lists" "[8, 4] [16, 8] [32]" \
    "$(for name in 8x4 16x8 32; do value "$agent/sweep-net_arch/net_arch=$name-seed1" net_arch; done | xargs)"
check "a kind and an option of it" "$BELLMAN" $dqn --set optimizer.beta1=0.8,0.9 --set optimizer=adam,radam --seeds 1
check_same "in any order" "0.8 radam" "$(run="$agent/sweep-optimizer.beta1-optimizer/optimizer.beta1=0.8,optimizer=radam-seed1"
    echo "$(value "$run" optimizer.beta1) $(value "$run" optimizer)")"
check "a schedule, and one value" "$BELLMAN" $dqn --set learning-rate=lin_0.01 --seeds 1 --jobs 8
check "is a sweep too" test -s "$agent/sweep-learning_rate/learning_rate=lin_0.01-seed1/result.json"
printf 'S..\n..G\n' >"$folder/a b,c.txt"
check_into "$out" "options of the environment" "$BELLMAN" sweep dqn GridWorld-v0 --steps 600 --eval-episodes 3 --quiet --runs "$runs" \
    --env-set "map=lake,'$folder/a b,c.txt'" --env-set slip=0 --set gamma=0.9 --seeds 1 --json
check_same "are named with their table" "env.map env.slip gamma" "$(json "$out" settings 0 values | python3 -c 'import json, sys; print(*json.load(sys.stdin))')"
check_same "a long or a strange value is a short, plain name" "" \
    "$(names "$runs/GridWorld-v0/dqn/sweep-env.map-env.slip-gamma" | grep -vE '^[-A-Za-z0-9._+=,%~]{1,120}$')"
check "the map was read" grep -q "map:.*a b,c.txt" "$(dirname "$(json "$out" settings 1 runs 0 run)")/$(basename "$(json "$out" settings 1 runs 0 run)")/config.yaml"
check "steps may differ" "$BELLMAN" sweep dqn CartPole-v1 --no-preset --eval-episodes 3 --quiet --runs "$runs" --set steps=300,600 \
    --seeds 1 --name steps
check_same "and do" "300 600" "$(value "$agent/steps/steps=300-seed1" steps) $(value "$agent/steps/steps=600-seed1" steps)"

# ---- curves

svg=$agent/sweep-learning_rate-gamma/sweep.svg
check "a whole SVG" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$svg"
check_same "a curve a setting" 4 "$(grep -c '<polyline.*stroke-width="2"' "$svg")"
check_same "a band each" 4 "$(grep -c '<polygon' "$svg")"
for label in "learning_rate=0.001, gamma=0.9" "learning_rate=0.01, gamma=0.99"; do
    check_same "the legend says what differs" 1 "$(grep -cF ">$label<" "$svg")"
done
check_same "what is the same everywhere is not in it" 1 "$(grep -c '>env.map=lake<' "$runs/GridWorld-v0/dqn/sweep-env.map-env.slip-gamma/sweep.svg")"
check "a page" "$BELLMAN" $dqn --set gamma=0.9,0.8 --seeds 1 --plot "$folder/page.html" --name page
check "with the settings" grep -q "gamma=0.8" "$folder/page.html"
check "many settings" "$BELLMAN" $dqn --steps 300 --set gamma=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.91,0.92,0.93,0.94,0.95 --seeds 1 --name many
check_same "are the best ones in the picture" "12 1" \
    "$(grep -c '<polyline.*stroke-width="2"' "$agent/many/sweep.svg") $(grep -c 'the best 12 of 14 settings' "$agent/many/sweep.svg")"

check_into "$folder/table" "runs too short for an episode to end" "$BELLMAN" $dqn --steps 5 --set gamma=0.9,0.8 --seeds 1 --name brief
check "have curves of their evaluations" grep -q "^curves: " "$folder/table"
check "that say so" grep -q "evaluation\|eval/mean_reward" "$agent/brief/sweep.svg"
check_into "$folder/table" "runs that know nothing" "$BELLMAN" $dqn --max-seconds 0 --set gamma=0.9,0.8 --seeds 1 --name none
check "have no curves yet" grep -qx "no curves yet" "$folder/table"
check_exit 1 "unless they were asked for" "$BELLMAN" $dqn --max-seconds 0 --set gamma=0.9,0.8 --seeds 1 --name none --plot "$folder/none.svg"
check_says "no curves yet"

"$BELLMAN" sweep dqn CartPole-v1 $short --set gamma=0.9,0.8 --seeds 2 --name loud >/dev/null 2>"$folder/told"
check_same "progress begins with what there is to do" "4 runs in $agent/loud: 2 settings, 2 seeds each" "$(head -n 1 "$folder/told")"
check_same "and ends with all of it" "100%  4/4 runs  6,000/6,000 steps" "$(tail -n 1 "$folder/told" | grep -oE '100%.* steps ' | sed 's/ $//')"

# ---- help and bad input: one sentence, and no folder

check_output "help says what --set takes" "--set=KEY=A,B,..." "$BELLMAN" sweep --help
check_output "and names the agent's options" "--target-update-interval=N" "$BELLMAN" sweep dqn CartPole-v1 --help
check_output "bellman --help names it" "  sweep " "$BELLMAN" --help
says() { # says CODE TEXT ARGUMENTS...
    local code=$1 text=$2
    shift 2
    check_exit "$code" "$*" "$BELLMAN" "$@"
    check_says "$text"
}
before=$(find "$runs" | wc -l)
says 2 "an agent, an environment and the values to try" sweep
says 2 "an agent, an environment and the values to try" sweep dqn --set gamma=0.9
says 2 "did you mean dqn?" sweep dqm CartPole-v1 --set gamma=0.9
says 2 "did you mean CartPole-v1?" sweep dqn CartPole-v2 --set gamma=0.9
says 2 "for example: --set learning_rate=1e-4,1e-3,1e-2" $dqn
says 2 "did you mean learning_rate?" $dqn --set lerning_rate=1e-3,1e-2
says 2 "did you mean --learning-rate?" $dqn --lerning-rate 1e-3
says 2 "did you mean map?" sweep dqn GridWorld-v0 --env-set mapp=lake,maze --runs "$runs"
says 2 "--env-set wants key=value" $dqn --env-set map --set gamma=0.9
says 2 "--set learning_rate= names no value; write --set learning_rate=A,B" $dqn --set learning_rate=
says 2 "--set gamma: a choice has 1 to 255 characters" $dqn --set gamma=0.9,,0.8
says 2 "--set gamma: a choice has 1 to 255 characters" $dqn --set gamma=0.9,
says 2 "does not close" $dqn --set 'net_arch=[64,64'
says 2 "--set gamma: the choice 0.9 is there twice" $dqn --set gamma=0.9,0.8,0.9
says 2 "learning_rate: 1e-3 and 0.001 are the same value" $dqn --set learning_rate=1e-3,0.001 --set gamma=0.9,0.8
says 2 "gamma is given twice; write --set gamma=A,B" $dqn --set gamma=0.9 --set gamma=0.8
says 2 "learning-rate is given twice" $dqn --set learning_rate=0.1 --set learning-rate=0.01
says 2 "batch_size is given twice, as a flag and with --set" $dqn --set batch_size=16,32 --batch-size 64
says 2 "map is given twice" sweep dqn GridWorld-v0 --env-set map=lake --env-set map=maze --runs "$runs"
says 2 "net_arch takes lists: put each in brackets" $dqn --set net_arch=64,32
says 2 "gamma=1.5 outside [0, 1]" $dqn --set gamma=0.9,1.5 --set learning_rate=1e-3,1e-2
says 2 "learning_rate=1e-3,1e-2 is not a number" $dqn --set gamma=0.9 --learning-rate 1e-3,1e-2
says 2 "optimizer.beta1" $dqn --set optimizer=adam,sgd --set optimizer.beta1=0.8,0.9
says 2 "map 'nowhere'" sweep dqn GridWorld-v0 --env-set map=lake,nowhere --runs "$runs"
says 2 "--seed S --seeds K" $dqn --set seed=1,2,3
says 2 "--seeds=0" $dqn --set gamma=0.9 --seeds 0
says 2 "--jobs=0" $dqn --set gamma=0.9 --jobs 0
says 2 "too large" $dqn --set gamma=0.9 --seed 2147483647 --seeds 2
says 2 "2 settings with 6000 seeds are 12000 runs, and a sweep has at most 10000" $dqn --set gamma=0.9,0.8 --seeds 6000
says 2 "name=" $dqn --set gamma=0.9 --name a/b
says 2 "name=" $dqn --set gamma=0.9 --name ..
says 2 "ends in nothing that plot writes" $dqn --set gamma=0.9 --plot "$folder/curves.jpg"
says 1 "$folder/none/curves.svg" $dqn --set gamma=0.9 --plot "$folder/none/curves.svg"
says 1 "$folder/none/page.html" $dqn --set gamma=0.9 --plot "$folder/none/page.html"
says 1 "$folder/none.yml" $dqn --set gamma=0.9 --config "$folder/none.yml"
check_same "no folder from a wrong command" "$before" "$(find "$runs" | wc -l)"
: >"$folder/file"
says 1 "$folder/file" $dqn --set gamma=0.9 --runs "$folder/file"

finish
