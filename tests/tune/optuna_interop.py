"""Optuna's side of the tests of the store: what it reads of a file of ours, and what it writes for us to read.

    optuna_interop.py COMMAND FILE [ARGUMENTS]

    schema FILE OTHER       FILE has the same tables, columns, keys and indices as OTHER, which Optuna makes here
    read FILE N NUMBER      study "demo" has N trials, the best of which is NUMBER, and each is what its parameters say
    continue FILE N         TPE adds N trials to it
    make FILE N             makes study "theirs" with N trials, one of them enqueued, and enqueues another
    reread FILE N           "theirs" has N trials now, the enqueued one among them, and takes another
"""
import math
import sqlite3
import sys
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

# What tests/tune/store_support.h makes by hand.
SPACE = {
    "learning_rate": FloatDistribution(1e-5, 1e-2, log=True),
    "batch_size": CategoricalDistribution([32, 64, 1e2]),
    "layers": IntDistribution(1, 4),
    "optimizer": CategoricalDistribution(["adam", "sgd"]),
    "optimizer.momentum": FloatDistribution(0, 0.9, step=0.1),
    "duelling": CategoricalDistribution([True, False]),
    "every": IntDistribution(1, 1000, log=True),
}


def score(params):
    """Every parameter counts, and those that are texts or truths by what they are."""
    value = -((math.log10(params["learning_rate"]) + 3.5) ** 2) + params["batch_size"] / 1000 - params["layers"] / 7
    value += params["optimizer.momentum"] if params["optimizer"] == "sgd" else 0.125
    value += 0.25 if params["duelling"] is True else 0
    return value - math.log10(params["every"]) / 10


def suggest(trial):
    params = {name: trial._suggest(name, d) for name, d in SPACE.items() if name != "optimizer.momentum"}
    if params["optimizer"] == "sgd":
        params["optimizer.momentum"] = trial._suggest("optimizer.momentum", SPACE["optimizer.momentum"])
    return params


def objective(trial):
    params = suggest(trial)
    trial.set_user_attr("by", "optuna")
    trial.report(float("nan"), 0)
    trial.report(trial.number / 2, 10)
    if trial.number % 5 == 4:
        raise optuna.TrialPruned()
    return score(params)


def check_trial(trial):
    for name, distribution in trial.distributions.items():
        assert distribution == SPACE[name], (name, distribution)
    if trial.state == TrialState.COMPLETE:
        assert math.isclose(trial.value, score(trial.params), rel_tol=1e-12), (trial.number, trial.value, trial.params)
        assert ("optimizer.momentum" in trial.params) == (trial.params["optimizer"] == "sgd")
        assert trial.datetime_start <= trial.datetime_complete
        assert trial.duration.total_seconds() < 3600
    assert list(trial.intermediate_values) == [0, 10], trial.intermediate_values
    assert math.isnan(trial.intermediate_values[0]) and trial.intermediate_values[10] == trial.number / 2


def open_study(path, name):
    study = optuna.load_study(study_name=name, storage="sqlite:///" + path)
    study.sampler = optuna.samplers.TPESampler(seed=1, multivariate=True, warn_independent_sampling=False)
    return study


def shape(path):
    """Tables with their columns, foreign keys and indices, as far as SQLite tells."""
    database = sqlite3.connect(path)
    pragma = lambda what, name: [row for row in database.execute(f'PRAGMA {what}("{name}")')]
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    indices = lambda t: sorted((i[1], i[2], i[3], pragma("index_info", i[1])) for i in pragma("index_list", t))
    return {t: (pragma("table_info", t), pragma("foreign_key_list", t), indices(t)) for t in tables}


def schema(path, other):
    optuna.storages.RDBStorage("sqlite:///" + other)
    ours, theirs = shape(path), shape(other)
    assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    for table in theirs:
        assert ours[table] == theirs[table], f"{table}\n{ours[table]}\n{theirs[table]}"
    versions = [
        [list(sqlite3.connect(p).execute("SELECT * FROM " + t)) for t in ("alembic_version", "version_info")]
        for p in (path, other)
    ]
    assert versions[0] == versions[1], versions
    assert optuna.storages.RDBStorage("sqlite:///" + path).get_current_version() == "v3.0.0.d"


def read(path, count, best):
    assert [s.study_name for s in optuna.get_all_study_summaries("sqlite:///" + path)] == ["demo"]
    study = open_study(path, "demo")
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    assert study.user_attrs == {"objective": ["dqn", "CartPole-v1"]}, study.user_attrs
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(int(count))), len(trials)
    for trial in trials:
        check_trial(trial)
    assert study.best_trial.number == int(best), (study.best_trial, best)
    states = {t.state for t in trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}, states
    assert math.isclose(study.best_value, score(study.best_params), rel_tol=1e-12)


def go_on(path, count):
    study = open_study(path, "demo")
    before = len(study.trials)
    study.optimize(objective, n_trials=int(count))
    assert len(study.trials) == before + int(count)
    for trial in study.trials:
        check_trial(trial)


def make(path, count):
    study = optuna.create_study(study_name="theirs", storage="sqlite:///" + path, direction="maximize")
    study.sampler = optuna.samplers.TPESampler(seed=2)
    study.enqueue_trial({"learning_rate": 0.002, "optimizer": "sgd", "optimizer.momentum": 0.5})
    study.optimize(objective, n_trials=int(count))
    study.enqueue_trial({"learning_rate": 0.004, "batch_size": 100.0, "optimizer": "adam", "duelling": False})


def reread(path, count):
    study = open_study(path, "theirs")
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(int(count))), len(trials)
    for trial in trials:
        check_trial(trial)
    taken = [t for t in trials if "fixed_params" in t.system_attrs]
    assert len(taken) == 2
    for trial in taken:
        assert trial.state == TrialState.COMPLETE
        for name, value in trial.system_attrs["fixed_params"].items():
            assert trial.params[name] == value and type(trial.params[name]) is type(value), (name, trial.params)
    study.optimize(objective, n_trials=3)


if __name__ == "__main__":
    warnings.simplefilter("error", UserWarning)  # Optuna adjusts distributions with a warning
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    commands = {"schema": schema, "read": read, "continue": go_on, "make": make, "reread": reread}
    commands[sys.argv[1]](*sys.argv[2:])
