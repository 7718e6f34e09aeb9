#!/usr/bin/env python3
"""Matrix kernels beside OpenBLAS, as it is by default and at its best core type, for the layers of small agents.

usage: gemm.py BUILD/bench/gemm [best|base|v3|v4]

GFLOP/s of one thread in CPU time: best of interleaved blocks, and in brackets the median; the share is the median one of the core's peak
of fused multiply-adds at that moment.
"""
import statistics
import sys

import peers

BLOCKS = 9
LAYERS = [(4, 64), (64, 64), (64, 2), (4, 120), (120, 84), (84, 2), (256, 256), (512, 512), (1024, 1024)]
BATCHES = [1, 32, 64, 128]


def figure(values):
    return f"{max(values):>5.1f} ({statistics.median(values):>5.1f})"


def compare(programs, ours, shape):
    answers = {name: [] for name in programs}
    for _ in range(BLOCKS):
        for name, program in programs.items():
            answers[name].append(program.ask(ours if name == "ours" else "openblas", *shape))
    share = statistics.median(rate / peak for rate, peak in answers["ours"])
    cells = {name: figure([rate for rate, _ in values]) for name, values in answers.items()}
    return f"{cells.pop('ours')} {100 * share:>3.0f}% " + " ".join(cells.values())


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    gemm, ours = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "best"
    core_types = peers.core_types(gemm)
    programs = {"ours": peers.Program(gemm)}
    programs |= {name: peers.Program(gemm, core_type=core_type) for name, core_type in core_types.items()}
    names = " ".join(f"{name:<13}" for name in core_types)
    print("OpenBLAS's core types: " + ", ".join(core_types) + "; GFLOP/s")
    print(f"{'layer':>9} {'batch':>5} | " + " | ".join(f"{what:<18} {names}" for what in ("forward", "weights", "input")))
    for inputs, outputs in LAYERS:
        for batch in BATCHES:
            kinds = [compare(programs, ours, (what, inputs, outputs, batch)) for what in ("forward", "weights", "input")]
            print(f"{inputs:>4}x{outputs:<4} {batch:>5} | " + " | ".join(kinds), flush=True)


main()
