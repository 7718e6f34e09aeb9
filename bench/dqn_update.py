#!/usr/bin/env python3
"""One DQN update (target forward, forward, Huber, backward, Adam), Bellman beside PyTorch, one thread each.

usage: dqn_update.py BUILD/bench/dqn_update BUILD/bench/gemm

PyTorch twice: with OpenBLAS's kernels as they are by default, and at its best core type (peers.py). Blocks of all alternate, so that
they meet the same machine; CPU time, best of 20 blocks. PyTorch works on one fixed batch; Bellman also draws its batch from a replay
buffer.
"""
import sys
import time

import peers

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


def serve_torch():
    """Answers "HIDDEN,HIDDEN BATCH UPDATES" with CPU microseconds an update."""
    torch.set_num_threads(1)
    known = {}
    for line in sys.stdin:
        hidden, batch, count = line.split()
        if (hidden, batch) not in known:
            known[hidden, batch] = torch_update(list(map(int, hidden.split(","))), int(batch))
            for _ in range(20):
                known[hidden, batch]()
        update = known[hidden, batch]
        start = time.process_time()
        for _ in range(int(count)):
            update()
        print((time.process_time() - start) / int(count) * 1e6, flush=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours = peers.Program(sys.argv[1])
    peer = {name: peers.Program(sys.executable, __file__, "--torch", core_type=core_type)
            for name, core_type in peers.core_types(sys.argv[2]).items()}
    print(f"PyTorch over OpenBLAS as {' and '.join(peer)}; best of {BLOCKS} interleaved blocks, CPU time, one thread, us an update")
    print(f"{'net':>12} {'batch':>6} " + " ".join(f"{name:>9}" for name in peer) + f" {'Bellman':>8} {'ratio':>6} {'of peak flops':>14}")
    for hidden, batch in SHAPES:
        net = f"{hidden[0]},{hidden[1]}"
        times, best, share = {name: [] for name in peer}, float("inf"), 0.0
        for _ in range(BLOCKS):
            for name, program in peer.items():
                times[name].append(program.ask(net, batch, 50)[0])
            us, of_peak = ours.ask(net, batch, 500)
            if us < best:
                best, share = us, of_peak
        least = [min(values) for values in times.values()]
        print(f"{f'4-{hidden[0]}-{hidden[1]}-2':>12} {batch:>6} " + " ".join(f"{us:>9.1f}" for us in least) +
              f" {best:>8.1f} {min(least) / best:>6.1f} {100 * share:>12.1f} %", flush=True)


if sys.argv[1:] == ["--torch"]:
    import torch
    serve_torch()
else:
    main()
