#!/usr/bin/env python3
"""One DQN update (target forward, forward, Huber, backward, Adam), Bellman beside PyTorch, one thread each.

usage: dqn_update.py BUILD/bench/dqn_update

Blocks of the two alternate, so that both meet the same machine; CPU time, best of 20 blocks. PyTorch works on one fixed
batch; Bellman also draws its batch from a replay buffer.
"""
import os
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import torch  # noqa: E402, after the threads are set

BLOCKS = 20
SHAPES = [([64, 64], 64), ([120, 84], 128), ([256, 256], 64)]


def torch_update(hidden, batch):
    def net():
        return torch.nn.Sequential(
            torch.nn.Linear(4, hidden[0]), torch.nn.ReLU(),
            torch.nn.Linear(hidden[0], hidden[1]), torch.nn.ReLU(),
            torch.nn.Linear(hidden[1], 2))

    q, target = net(), net()
    target.load_state_dict(q.state_dict())
    optimizer = torch.optim.Adam(q.parameters(), lr=1e-4)
    obs, next_obs = torch.randn(batch, 4), torch.randn(batch, 4)
    action = torch.randint(0, 2, (batch, 1))
    reward, terminated = torch.ones(batch), (torch.rand(batch) < 0.05).float()

    def update():
        with torch.no_grad():
            goal = reward + 0.99 * (1 - terminated) * target(next_obs).max(dim=1).values
        value = q(obs).gather(1, action).squeeze(1)
        loss = torch.nn.functional.smooth_l1_loss(value, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return update


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    ours = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(f"PyTorch {torch.__version__}, best of {BLOCKS} interleaved blocks, CPU time, one thread")
    print(f"{'net':>12} {'batch':>6} {'PyTorch us':>11} {'Bellman us':>11} {'ratio':>7} {'of peak flops':>14}")
    for hidden, batch in SHAPES:
        update = torch_update(hidden, batch)
        for _ in range(20):
            update()
        best_torch, best_ours, best_share = float("inf"), float("inf"), 0.0
        for _ in range(BLOCKS):
            start = time.process_time()
            for _ in range(50):
                update()
            best_torch = min(best_torch, (time.process_time() - start) / 50 * 1e6)
            ours.stdin.write(f"{hidden[0]},{hidden[1]} {batch} 500\n")
            ours.stdin.flush()
            us, share = map(float, ours.stdout.readline().split())
            if us < best_ours:
                best_ours, best_share = us, share
        name = f"4-{hidden[0]}-{hidden[1]}-2"
        print(f"{name:>12} {batch:>6} {best_torch:>11.1f} {best_ours:>11.1f} {best_torch / best_ours:>7.1f} "
              f"{100 * best_share:>12.1f} %")


main()
