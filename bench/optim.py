#!/usr/bin/env python3
"""One step of Adam, Bellman beside PyTorch and beside a loop that only streams the same four arrays.

usage: optim.py BUILD/bench/optim

There is no matrix product in it, so OpenBLAS's core type (peers.py) plays no part.
PyTorch has the tensors of a real network (4-120-84-2 has six) and its gradients; Bellman has the same number of parameters in
one flat buffer. Blocks of all alternate, so that they meet the same machine; best of 20 blocks, and the median of the ratios
within a block. One thread: processor time. Two threads: by the clock, beside one thread by the clock, in shorter blocks, for
they need two idle processors at once; `nice -n -10` helps on a busy machine.
"""
import os
import statistics
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import torch  # noqa: E402, after the threads are set

BLOCKS = 20
SHORT_BLOCKS = 5  # by the clock, in each of these
NETS = [(4, 64, 64, 2), (4, 120, 84, 2), (4, 256, 256, 2), (64, 460, 460, 8), (64, 960, 960, 8), (64, 3120, 3120, 8)]


class Torch:
    """torch.optim.Adam as its users have it."""

    def __init__(self, sizes, **options):
        layers = [torch.nn.Linear(*pair) for pair in zip(sizes, sizes[1:])]
        self.parameters = [p for layer in layers for p in layer.parameters()]
        for p in self.parameters:
            p.grad = torch.randn_like(p)
        self.optimizer = torch.optim.Adam(self.parameters, **options)
        self.count = sum(p.numel() for p in self.parameters)
        self.optimizer.step()

    def microseconds(self):
        steps = max(2, min(100, 2_000_000 // self.count))
        self.optimizer.step()
        start = time.process_time()
        for _ in range(steps):
            self.optimizer.step()
        return (time.process_time() - start) / steps * 1e6


class Bellman:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def microseconds(self, work, count, threads=1, elements=10_000_000):
        """By the clock, of processor time."""
        steps = max(2, elements // count)
        self.process.stdin.write(f"{work} {count} {steps} {threads}\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def by_the_clock(self, work, count, threads):
        return self.microseconds(work, count, threads, elements=2_000_000)[0]


def measure(bellman, sizes):
    plain, foreach = Torch(sizes), Torch(sizes, foreach=True)
    count = plain.count
    times = {name: [] for name in ("torch", "foreach", "adam", "stream", "adam one", "stream one", "adam two", "stream two")}
    for _ in range(BLOCKS):
        times["torch"].append(plain.microseconds())
        times["foreach"].append(foreach.microseconds())
        times["adam"].append(bellman.microseconds("adam", count)[1])
        times["stream"].append(bellman.microseconds("stream", count)[1])
        for _ in range(SHORT_BLOCKS):
            for work in ("adam", "stream"):
                times[work + " one"].append(bellman.by_the_clock(work, count, 1))
                times[work + " two"].append(bellman.by_the_clock(work, count, 2))
    return count, times


def ratio(times, slower, faster):
    """Of the best blocks, and the median within a block."""
    within = statistics.median(a / b for a, b in zip(times[slower], times[faster]))
    return min(times[slower]) / min(times[faster]), within


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    bellman = Bellman(sys.argv[1])
    results = [(sizes, *measure(bellman, sizes)) for sizes in NETS]
    print(f"PyTorch {torch.__version__}, best of {BLOCKS} interleaved blocks; in brackets medians within a block")
    print("\none thread, processor time, us a step")
    print(f"{'net':>14} {'parameters':>10} {'PyTorch':>9} {'foreach':>9} {'Bellman':>9} {'M/s':>6} {'times':>14} {'stream':>9} "
          f"{'of stream':>14}")
    for sizes, count, times in results:
        rival = min("torch", "foreach", key=lambda name: min(times[name]))
        speedup, share = ratio(times, rival, "adam"), ratio(times, "stream", "adam")
        best = {name: min(values) for name, values in times.items()}
        print(f"{'-'.join(map(str, sizes)):>14} {count:>10} {best['torch']:>9.1f} {best['foreach']:>9.1f} {best['adam']:>9.2f} "
              f"{count / best['adam']:>6.0f} {speedup[0]:>6.1f} ({speedup[1]:>5.1f}) {best['stream']:>9.2f} "
              f"{100 * share[0]:>5.0f} % ({100 * share[1]:>3.0f} %)")
    print("\ntwo threads, by the clock, us a step")
    print(f"{'parameters':>10} {'one':>9} {'two':>9} {'times':>14} {'stream one':>10} {'stream two':>10} {'of stream':>14}")
    for _, count, times in results:
        gain, share = ratio(times, "adam one", "adam two"), ratio(times, "stream two", "adam two")
        best = {name: min(values) for name, values in times.items()}
        print(f"{count:>10} {best['adam one']:>9.2f} {best['adam two']:>9.2f} {gain[0]:>6.2f} ({gain[1]:>5.2f}) "
              f"{best['stream one']:>10.2f} {best['stream two']:>10.2f} {100 * share[0]:>5.0f} % ({100 * share[1]:>3.0f} %)")


main()
