#!/usr/bin/env python3
"""Two builds of Bellman beside each other, row by row: how much faster or slower the second is.

usage: paired.py OLD_BUILD NEW_BUILD [PAIRS] [WORD]   (build folders with all of make bench-programs; WORD: only rows that contain it)

Every row is measured in pairs, one block of each build, in alternating order, in CPU time; the ratio of a pair is new speed / old speed.
Printed are the median of the ratios and its middle half. Exit status 1 when a median is below 0.97.
"""
import json
import statistics
import subprocess
import sys
import time

LEAST = 0.97


class Server:
    """A program that answers a line with a line; figure: which number of the answer is CPU microseconds."""

    def __init__(self, program, figure):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.figure = figure

    def speed(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return 1 / float(self.process.stdout.readline().split()[self.figure])


def bench(build, *arguments):
    """The rows of `bellman bench`, as {row: items a second}."""
    command = [f"{build}/bellman", "bench", *arguments, "--json", "--quiet", "--seconds", "0.15"]
    rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])["rows"]
    return {row["what"]: row["items_per_second"] for row in rows}


def products(build):
    """bench/hvp: {net, batch, what: 1 / median microseconds}."""
    text = subprocess.run([f"{build}/bench/hvp"], capture_output=True, text=True, check=True).stdout
    rows = {}
    for line in text.splitlines()[2:]:
        parts = line.split("|")
        for part in parts[1:]:
            rows[f"{' '.join(parts[0].split())}, {part.split()[0]}"] = 1 / float(part.split("(")[1].split(")")[0])
    return rows


def start_up(build):
    """--help, twenty times."""
    begin = time.perf_counter()
    for _ in range(20):
        subprocess.run([f"{build}/bellman", "--help"], stdout=subprocess.DEVNULL, check=True)
    return {"--help": 20 / (time.perf_counter() - begin)}


def measures(build):
    """What is measured, each a function that returns {row: speed}."""
    update = Server(f"{build}/bench/dqn_update", 0)
    meta = Server(f"{build}/bench/maml", 0)
    adam = Server(f"{build}/bench/optim", 1)
    sampler = Server(f"{build}/bench/samplers", -1)
    return [
        lambda: bench(build, "env", "CartPole-v1"), lambda: bench(build, "env", "GridWorld-v0"),
        lambda: bench(build, "net"), lambda: bench(build, "replay", "--batch", "128"),
        lambda: bench(build, "train", "dqn"), lambda: bench(build, "train", "reinforce"),
        lambda: {f"dqn update {s}": update.speed(f"{s} 200") for s in ("64,64 64", "120,84 128", "256,256 64")},
        lambda: {f"meta-iteration {s}": meta.speed(f"{s} 200") for s in ("maml 1", "maml 5", "fomaml 1")},
        lambda: {f"adam {n}": adam.speed(f"adam {n} {steps} 1") for n, steps in ((4610, 20000), (10934, 10000), (245648, 300))},
        lambda: bench(build, "optim"),
        lambda: products(build),
        lambda: {f"sampler {s}": sampler.speed(f"rosenbrock {s} 100 1") for s in ("tpe", "cmaes")},
        lambda: start_up(build),
    ]


def main():
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    word = sys.argv[4] if len(sys.argv) > 4 else ""
    both = [measures(build) for build in sys.argv[1:3]]
    slower = 0
    for old, new in zip(*both):
        ratios = {}
        for pair in range(pairs):
            speeds = [None, None]
            for side in ((0, 1), (1, 0))[pair % 2]:
                speeds[side] = (old, new)[side]()
            rows = [row for row in speeds[0] if row in speeds[1] and word in row]
            if not rows:
                break
            for row in rows:
                ratios.setdefault(row, []).append(speeds[1][row] / speeds[0][row])
        for row, values in ratios.items():
            low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
            slower += middle < LEAST
            print(f"{row:48} {middle:6.3f}  ({low:.3f} to {high:.3f}, {len(values)} pairs){'  SLOWER' * (middle < LEAST)}", flush=True)
    return slower > 0


if __name__ == "__main__":
    sys.exit(main())
