#!/bin/sh
# All speed measurements, one after the other: run.sh BUILD PYTHON. Results are kept in bench/RESULTS.md by hand.
set -eu
build=$1
python=$2
echo "== environments, one core"
"$build/bellman" bench env --seconds 2
echo "== one DQN update beside PyTorch"
"$python" bench/dqn_update.py "$build/bench/dqn_update" "$build/bench/gemm"
echo "== networks, share of the core's peak"
"$build/bellman" bench net
echo "== core types of OpenBLAS, those that compute right results here"
"$python" bench/peers.py "$build/bench/gemm"
echo "== matrix products beside OpenBLAS"
"$python" bench/gemm.py "$build/bench/gemm"
echo "== Hessian-vector products, share of the core's peak"
"$build/bench/hvp"
echo "== meta-iterations of MAML beside PyTorch"
"$python" bench/maml.py "$build/bench/maml" "$build/bench/gemm"
echo "== Adam beside PyTorch and beside a loop that streams the same arrays"
"$python" bench/optim.py "$build/bench/optim"
echo "== all optimizers, one core"
"$build/bellman" bench optim
echo "== samplers of tune beside random search and Optuna"
"$python" bench/samplers.py "$build/bench/samplers"
echo "== replay buffer"
"$build/bellman" bench replay --batch 128
echo "== whole training loop"
"$build/bellman" bench train
echo "== watching"
"$python" bench/watch.py "$build/bellman"
echo "== start-up, seconds for 100 calls of --help"
time -p sh -c "i=0; while [ \$i -lt 100 ]; do '$build/bellman' --help >/dev/null; i=\$((i+1)); done"
