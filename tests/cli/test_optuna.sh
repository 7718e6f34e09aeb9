# Optuna opens a study that bellman tune made, names the same best trial, and continues it; bellman tune continues after that.
. tests/cli/lib.sh

python=/usr/bin/python3
if ! $python -c 'import optuna' 2>/dev/null; then
    echo "skipped: $python has no optuna (python3-optuna, from apt)"
    exit 0
fi

db=$folder/tune.db
space='lr=log(1e-3,1), beta1={0.5,0.9,0.99}, beta2=uniform(0.9,0.999), amsgrad={true,false}, eps=log(1e-9,1e-6) if amsgrad=true'
tune() {
    "$BELLMAN" tune optim:rosenbrock --steps 30 --jobs 2 --space "$space" --storage "$db" --study shared --json --quiet "$@"
}
# Prints Optuna's best trial as NUMBER VALUE; its own trials find 0, which nothing of ours does, at the 13th of them.
cat >"$folder/theirs.py" <<'PYTHON'
import json, sys, warnings
import optuna
from optuna.trial import TrialState

warnings.simplefilter("error", UserWarning)  # Optuna adjusts distributions with a warning
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
optuna.logging.set_verbosity(optuna.logging.ERROR)
command, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
url = "sqlite:///" + path
assert [s.study_name for s in optuna.get_all_study_summaries(url)] == ["shared"]
study = optuna.load_study(study_name="shared", storage=url)
assert study.direction == optuna.study.StudyDirection.MINIMIZE
trials = study.get_trials()
assert [t.number for t in trials] == list(range(count)), [t.number for t in trials]
for t in trials:
    assert t.state in (TrialState.COMPLETE, TrialState.PRUNED), (t.number, t.state)
    assert ("eps" in t.params) == (t.params["amsgrad"] in (True, "true")), t.params
    assert 1e-3 <= t.params["lr"] <= 1 and float(t.params["beta1"]) in (0.5, 0.9, 0.99)
    if "bellman:folds" in t.user_attrs:
        folds = t.user_attrs["bellman:folds"]
        assert abs(t.value - sum(folds) / len(folds)) <= 1e-12 * t.value, (t.number, t.value, folds)
        assert max(t.intermediate_values) <= 90 and min(t.intermediate_values.values()) > 0, t.intermediate_values

def objective(trial):
    d = {name: d for t in trials for name, d in t.distributions.items()}
    p = {name: trial._suggest(name, d[name]) for name in ("lr", "beta1", "beta2", "amsgrad")}
    if p["amsgrad"] in (True, "true"):
        trial._suggest("eps", d["eps"])
    trial.report(5000, 30)
    return 0 if trial.number == count + 12 else 1000 + p["lr"]

if command == "continue":
    study.sampler = optuna.samplers.TPESampler(seed=1, multivariate=True, warn_independent_sampling=False)
    study.optimize(objective, n_trials=20)
    assert len(study.trials) == count + 20
print(study.best_trial.number, repr(study.best_value))
PYTHON
# best FILE: "NUMBER VALUE" of the trial with the best value, as bellman says
best() {
    "$BELLMAN" tune --show "$db" --study shared | sed -n 's/^  best: .*, trial \([0-9]*\):.*/\1/p' | tr '\n' ' '
    json "$1" best_value
}

check_into "$folder/json" "a study of ours" tune --trials 25
check_into "$folder/theirs" "Optuna opens it" $python "$folder/theirs.py" read "$db" 25
check_same "and names the same best trial" "$(best "$folder/json")" "$(cat "$folder/theirs")"
check_into "$folder/theirs" "it adds 20 trials" $python "$folder/theirs.py" continue "$db" 25
check_same "the best of which it knows" "37 0.0" "$(cat "$folder/theirs")"
check_into "$folder/json" "we continue it, here by chance" tune --trials 60 --sampler random --finalists 3
check_same "by what is missing" 60 "$(json "$folder/json" trials)"
check_same "and see theirs among ours" "37" "$(best "$folder/json" | cut -d' ' -f1)"
check_same "whose parameters are validated like any other's" 37 "$(json "$folder/json" validation 0 trial)"
check_same "with seeds that Optuna never had" 5 "$(json "$folder/json" validation 0 seeds)"
check_into "$folder/json" "we continue it, looking at all of it" tune --trials 70
check_into "$folder/theirs" "Optuna opens it again" $python "$folder/theirs.py" read "$db" 70
check_same "and names the same best trial again" "37 0.0" "$(cat "$folder/theirs")"

# ---- a file that Optuna made, shown and drawn

cat >"$folder/make.py" <<'PYTHON'
import sys, warnings
import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
url = "sqlite:///" + sys.argv[1]
pair = optuna.create_study(study_name="pair", storage=url, directions=["minimize", "maximize"])
pair.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1), n_trials=2)
study = optuna.create_study(study_name="theirs", storage=url, direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))

def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["adam", None, 3])
    momentum = trial.suggest_float("momentum", 0, 1) if kind == 3 else 0
    for step in range(3):
        trial.report(step - x * x, step)
    if trial.number % 5 == 4:
        raise ValueError
    if trial.number % 5 == 3:
        raise optuna.TrialPruned
    return 1 - x * x - momentum

study.optimize(objective, n_trials=40, catch=(ValueError,))
study.ask()  # one that runs
print(study.best_trial.number, f"{study.best_value:.12g}")
PYTHON
check_into "$folder/made" "Optuna makes two studies" $python "$folder/make.py" "$folder/theirs.db"
check_into "$folder/json" "we list them" "$BELLMAN" tune --show "$folder/theirs.db" --json
check_same "but for one with two objectives" 1 "$(json "$folder/json" studies | $python -c 'import json, sys; print(len(json.load(sys.stdin)))')"
check_same "with its trials" "theirs maximize 41 24 8 8 1" \
    "$(for key in study direction trials complete pruned failed running; do json "$folder/json" studies 0 $key; done | xargs)"
check_same "and its best" "$(cat "$folder/made")" "$(json "$folder/json" studies 0 best_trial) $(printf %.12g "$(json "$folder/json" studies 0 best_value)")"
check_output "a reason is told once" "failed: trial 4, 9, 14, 19, 24 and 3 more: nothing is known of it" \
    "$BELLMAN" tune --show "$folder/theirs.db" --study theirs
check_exit 2 "two objectives alone" "$BELLMAN" tune --show "$folder/theirs.db" --study pair
check_says "2 objectives"
check "a page of it" "$BELLMAN" tune --show "sqlite:///$folder/theirs.db" --study theirs --report "$folder/theirs.html"
check "which says nothing of seeds, for of these nothing is known" sh -c "! grep -q 'over.* seeds' '$folder/theirs.html'"
check_same "it has every trial" 41 "$(grep -c -E '<td>(complete|pruned|failed|running)</td>' "$folder/theirs.html")"

finish
