#!/usr/bin/env python3
"""The samplers of `bellman tune` beside random search, and beside Optuna's: the best of so many trials.

usage: samplers.py BUILD/bench/samplers [--trials 100] [--repeats 30]

Two functions of six parameters, Rosenbrock's valley on -5..10 and Hartmann's peaks on 0..1. Repeat r has seed r on both sides. For
each sampler: the median and the middle half of the best values; in how many repeats it beat Bellman's random search, and the
one-sided sign test of that; with Optuna (apt install python3-optuna) the Mann-Whitney test of Bellman's against its namesake, whose
p says how likely such numbers are if both are alike.
"""
import argparse
import math
import statistics
import subprocess
import time
import warnings

DIMS = 6
HEIGHT = (1, 1.2, 3, 3.2)
STEEPNESS = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
CENTRE = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def rosenbrock(x):
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def hartmann(x):
    return -sum(
        h * math.exp(-sum(s * (a - c) ** 2 for a, s, c in zip(x, steepness, centre)))
        for h, steepness, centre in zip(HEIGHT, STEEPNESS, CENTRE)
    )


FUNCTIONS = {"rosenbrock": (rosenbrock, -5, 10), "hartmann": (hartmann, 0, 1)}


class Bellman:
    samplers = ("random", "halton", "tpe", "cmaes")

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def best(self, function, sampler, trials, seed):
        """The best value, and the seconds that sampling the last trial took."""
        self.process.stdin.write(f"{function} {sampler} {trials} {seed}\n")
        self.process.stdin.flush()
        *values, microseconds = map(float, self.process.stdout.readline().split())
        return values[-1], microseconds / 1e6


class Optuna:
    samplers = ("tpe", "tpe, as it comes", "cmaes")

    def __init__(self):
        import optuna

        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        self.make = {
            "tpe": lambda seed: optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed),
            "tpe, as it comes": lambda seed: optuna.samplers.TPESampler(seed=seed),
            "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
        }

    def best(self, function, sampler, trials, seed):
        value, low, high = FUNCTIONS[function]
        study = self.optuna.create_study(sampler=self.make[sampler](seed))
        for _ in range(trials):
            start = time.perf_counter()
            trial = study.ask()
            x = [trial.suggest_float(f"x{i}", low, high) for i in range(DIMS)]
            spent = time.perf_counter() - start
            study.tell(trial, value(x))
        return study.best_value, spent


def sign_test(wins, repeats):
    """The chance of so many wins or more, were both alike."""
    return sum(math.comb(repeats, k) for k in range(wins, repeats + 1)) / 2**repeats


def mann_whitney(a, b):
    """Two-sided, by the normal approximation; and the share of pairs in which a is the smaller."""
    less = sum((x < y) + 0.5 * (x == y) for x in a for y in b)
    n, m = len(a), len(b)
    z = (abs(less - n * m / 2) - 0.5) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(max(z, 0) / math.sqrt(2)), less / (n * m)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=30)
    arguments = parser.parse_args()
    sides = {"bellman": Bellman(arguments.program)}
    try:
        sides["optuna"] = Optuna()
    except ImportError:
        print("Optuna is not installed (apt install python3-optuna): Bellman alone")

    for function in FUNCTIONS:
        print(f"\n{function}, {DIMS} parameters, {arguments.trials} trials, {arguments.repeats} repeats")
        print(f"{'':26}{'median':>10}{'middle half':>24}{'beats random':>14}{'p':>10}{'ms, last':>10}")
        best = {}
        for side, runner in sides.items():
            for sampler in runner.samplers:
                runs = [runner.best(function, sampler, arguments.trials, seed) for seed in range(arguments.repeats)]
                values = best[side, sampler] = [value for value, _ in runs]
                low, _, high = statistics.quantiles(values, n=4)
                wins = sum(a < b for a, b in zip(values, best["bellman", "random"]))
                sampled = statistics.median(seconds for _, seconds in runs) * 1e3
                print(
                    f"{side + ' ' + sampler:26}{statistics.median(values):10.4g}{f'{low:.4g} .. {high:.4g}':>24}"
                    f"{f'{wins}/{len(values)}':>14}{sign_test(wins, len(values)):10.2g}{sampled:10.3f}",
                    flush=True,
                )
        for name in Optuna.samplers if "optuna" in sides else ():
            ours = best["bellman", name.split(",")[0]]
            p, share = mann_whitney(ours, best["optuna", name])
            print(f"bellman {name.split(',')[0]} beside optuna {name}: better in {100 * share:.0f} % of pairs, p = {p:.2g}")


if __name__ == "__main__":
    main()
