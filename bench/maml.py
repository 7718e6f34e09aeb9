#!/usr/bin/env python3
"""One meta-iteration on sinusoids (Finn et al. 2017: 25 tasks, 5 shots, net 1-40-40-1, Adam), Bellman beside PyTorch, one thread each.

usage: maml.py BUILD/bench/maml

PyTorch twice: the usual loop over tasks, and all tasks at once by batched matrix products. Blocks alternate, so that all meet the same
machine; CPU time, best of 12 blocks. PyTorch works on fixed examples; Bellman draws its tasks anew in every iteration.
"""
import os
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import torch  # noqa: E402, after the threads are set

BLOCKS, TASKS, ROWS = 12, 25, 5
KINDS = [("maml", 1), ("maml", 5), ("fomaml", 1)]


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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    ours = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(f"PyTorch {torch.__version__}, best of {BLOCKS} interleaved blocks, CPU time, one thread; microseconds an iteration")
    print(f"{'learner':>8} {'inner steps':>12} {'loop':>9} {'batched':>9} {'Bellman':>9} {'x loop':>7} {'x batched':>10}"
          f" {'of peak flops':>14}")
    for kind, steps in KINDS:
        loop, together = (iteration(steps, kind == "maml", batched) for batched in (False, True))
        for _ in range(3):
            loop()
            together()
        least = [float("inf")] * 3
        share = 0.0
        for _ in range(BLOCKS):
            least[0] = min(least[0], best_of(loop, 3))
            least[1] = min(least[1], best_of(together, 20))
            ours.stdin.write(f"{kind} {steps} 200\n")
            ours.stdin.flush()
            us, of_peak = map(float, ours.stdout.readline().split())
            if us < least[2]:
                least[2], share = us, of_peak
        print(f"{kind:>8} {steps:>12} {least[0]:>9.0f} {least[1]:>9.0f} {least[2]:>9.1f} {least[0] / least[2]:>7.1f}"
              f" {least[1] / least[2]:>10.1f} {100 * share:>12.1f} %")


main()
