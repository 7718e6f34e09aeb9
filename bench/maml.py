#!/usr/bin/env python3
"""One meta-iteration on sinusoids (Finn et al. 2017: 25 tasks, 5 shots, net 1-40-40-1, Adam), Bellman beside PyTorch, one thread each.

usage: maml.py BUILD/bench/maml BUILD/bench/gemm

PyTorch twice: the usual loop over tasks, and all tasks at once by batched matrix products; each with OpenBLAS's kernels as they are by
default, and at its best core type (peers.py). Blocks alternate, so that all meet the same machine; CPU time, best of 12 blocks.
PyTorch works on fixed examples; Bellman draws its tasks anew in every iteration.
"""
import sys
import time

import peers

BLOCKS, TASKS, ROWS = 12, 25, 5
KINDS = [("maml", 1), ("maml", 5), ("fomaml", 1)]
WAYS = {"loop": 3, "batched": 20}  # iterations of a block


def parameters():
    sizes = [1, 40, 40, 1]
    params = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        params += [torch.randn(inputs, outputs) / inputs ** 0.5, torch.zeros(outputs)]
    return [p.requires_grad_() for p in params]


def forward(params, x):
    for layer in range(3):
        x = x @ params[2 * layer] + params[2 * layer + 1]
        x = torch.relu(x) if layer < 2 else x
    return x


def adapted(params, x, y, steps, second_order, loss_of):
    for _ in range(steps):
        grads = torch.autograd.grad(loss_of(forward(params, x), y), params, create_graph=second_order)
        params = [p - 0.01 * (g if second_order else g.detach()) for p, g in zip(params, grads)]
    return params


def iteration(steps, second_order, batched):
    params = parameters()
    optimizer = torch.optim.Adam(params, lr=1e-3)
    x, y, query_x, query_y = (torch.randn(TASKS, ROWS, 1) for _ in range(4))
    mean = torch.nn.functional.mse_loss

    def each(prediction, target):  # the mean over rows, summed over tasks: every task has its own gradient
        return ((prediction - target) ** 2).mean(dim=(1, 2)).sum()

    def loop():
        optimizer.zero_grad()
        loss = 0
        for task in range(TASKS):
            own = adapted(params, x[task], y[task], steps, second_order, mean)
            loss = loss + mean(forward(own, query_x[task]), query_y[task])
        (loss / TASKS).backward()
        optimizer.step()

    def together():
        optimizer.zero_grad()
        own = [p.expand(TASKS, *p.shape) if p.dim() == 2 else p.expand(TASKS, 1, *p.shape) for p in params]
        own = adapted(own, x, y, steps, second_order, each)
        (each(forward(own, query_x), query_y) / TASKS).backward()
        optimizer.step()

    return together if batched else loop


def best_of(update, count):
    start = time.process_time()
    for _ in range(count):
        update()
    return (time.process_time() - start) / count * 1e6


def serve_torch():
    """Answers "LEARNER STEPS WAY" with CPU microseconds an iteration."""
    torch.set_num_threads(1)
    known = {}
    for line in sys.stdin:
        kind, steps, way = line.split()
        if line not in known:
            known[line] = iteration(int(steps), kind == "maml", way == "batched")
            best_of(known[line], 3)
        print(best_of(known[line], WAYS[way]), flush=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours = peers.Program(sys.argv[1])
    peer = {name: peers.Program(sys.executable, __file__, "--torch", core_type=core_type)
            for name, core_type in peers.core_types(sys.argv[2]).items()}
    columns = [(way, name) for way in WAYS for name in peer]
    print(f"PyTorch over OpenBLAS as {' and '.join(peer)}; best of {BLOCKS} interleaved blocks, CPU time, one thread, us an iteration")
    print(f"{'learner':>8} {'steps':>6} " + " ".join(f"{f'{way}, {name}':>17}" for way, name in columns) +
          f" {'Bellman':>8} {'x loop':>7} {'x batched':>10} {'of peak flops':>14}")
    for kind, steps in KINDS:
        times, best, share = {column: [] for column in columns}, float("inf"), 0.0
        for _ in range(BLOCKS):
            for way, name in columns:
                times[way, name].append(peer[name].ask(kind, steps, way)[0])
            us, of_peak = ours.ask(kind, steps, 200)
            if us < best:
                best, share = us, of_peak
        least = {column: min(values) for column, values in times.items()}
        ratio = [min(least[way, name] for name in peer) / best for way in WAYS]
        print(f"{kind:>8} {steps:>6} " + " ".join(f"{least[column]:>17.0f}" for column in columns) +
              f" {best:>8.1f} {ratio[0]:>7.1f} {ratio[1]:>10.1f} {100 * share:>12.1f} %", flush=True)


if sys.argv[1:] == ["--torch"]:
    import torch
    serve_torch()
else:
    main()
