# Long runs: every optimizer on every function of one or two coordinates, with its own learning rate. No value is ever NaN; the few
# that truly diverge stop, say where, and have every row before it. A hundred thousand steps each; all ten million with BM_LONG=1.
. tests/cli/lib.sh

steps=100000
[ -z "${BM_LONG:-}" ] || steps=10000000

# Who diverges, and within how many steps: gradient descent with 0.01 is thrown off Rosenbrock's walls; on the saddle, which has no
# least value, y grows by a factor a step (1.02 of gradient descent) until its square is no double, near 1.3e154.
cat >"$folder/long.py" <<'PYTHON'
import csv, json, math, re, sys
function, steps, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
result, code, said, rows = (open(p).read() for p in sys.argv[4:8])
diverges = {("rosenbrock", "sgd"): 10, ("rosenbrock", "asgd"): 10, ("saddle", "sgd"): 18400, ("saddle", "asgd"): 18500,
            ("saddle", "lbfgs"): 20, ("saddle", "newton"): 600}
result = json.loads(result.splitlines()[-1])
wrong = []
lost = dict((m[1], int(m[2])) for m in re.finditer(r"^bellman: (\w+) diverged at step (\d+): ", said, re.M))
table = {}
for row in list(csv.reader(rows.splitlines()))[1:]:
    table.setdefault(row[0], []).append([float(v) for v in row[1:]])
for o in result["optimizers"]:
    name = o["optimizer"]
    most = diverges.get((function.split(":")[0], name))
    if o["diverged"] != (most is not None):
        wrong.append(f"{name} " + ("diverged" if o["diverged"] else "did not diverge"))
    if o["diverged"] and (lost.get(name) != o["steps"] + 1 or lost[name] > (most or 0)):
        wrong.append(f"{name} was lost at step {lost.get(name)} after {o['steps']} steps, in the table up to {most}")
    if not o["diverged"] and o["steps"] != steps:
        wrong.append(f"{name} made {o['steps']} steps")
    numbers = [o["value"], o["best_value"], *o["x"]]
    if any(v is None or not math.isfinite(v) for v in numbers):
        wrong.append(f"{name} ends with {numbers}")
    if o["best_value"] > o["value"] or (function.split(":")[0] != "saddle" and o["value"] > 1000 and not o["diverged"]):
        wrong.append(f"{name} ends at {o['value']}, the best was {o['best_value']}")
    want = sorted(set(range(0, o["steps"] + 1, every)) | {o["steps"]})
    got = table.get(name, [])
    if [r[0] for r in got] != want or not all(math.isfinite(v) for r in got for v in r):
        wrong.append(f"{name} has {len(got)} rows of {len(want)}")
if int(code) != (1 if lost else 0):
    wrong.append(f"exit {code}")
sys.exit("\n".join(wrong) or None)
PYTHON

check_into "$folder/functions" "the functions" "$BELLMAN" list functions --json
check_into "$folder/optimizers" "the optimizers" "$BELLMAN" list optimizers --json
optimizers=$(python3 -c 'import json, sys
print(*(o["name"] for o in json.load(open(sys.argv[1]))["optimizers"]), sep=",")' "$folder/optimizers")
every=$((steps / 10))
for function in $(python3 -c 'import json, sys
print(*(f["name"] + (":dims=2" if "dims" in f["options"] else "") for f in json.load(open(sys.argv[1]))["functions"]))' \
    "$folder/functions"); do
    "$BELLMAN" optim "$function" --optimizer "$optimizers" --steps $steps --every $every --csv "$folder/rows" --json --quiet \
        >"$folder/result" 2>"$folder/said"
    echo $? >"$folder/code"
    check "$function" python3 "$folder/long.py" "$function" $steps $every "$folder/result" "$folder/code" "$folder/said" "$folder/rows"
done
check "there were functions and optimizers" [ "$passed" -ge 12 ] # two lists, ten functions
finish
