"""What the comparisons share: programs that answer lines, and the core type at which OpenBLAS is at its best.

Old OpenBLAS does not recognise newer processors and takes the kernels of much older ones there; OPENBLAS_CORETYPE chooses others.
`python3 bench/peers.py BUILD/bench/gemm` prints what every core type reaches, and the best.
"""
import os
import subprocess
import sys

CORE_TYPES = ["Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"]
SHAPES = [(what, *shape) for what in ("forward", "weights", "input") for shape in ((64, 64, 64), (120, 84, 128), (256, 256, 64))]
RIGHT = 1e-3  # sums of 256 products of numbers up to 1, in single precision


def environment(core_type):
    """One thread; core_type None: OpenBLAS chooses itself."""
    variables = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    variables |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    return variables | ({"OPENBLAS_CORETYPE": core_type} if core_type else {})


class Program:
    """Answers every line with a line of numbers."""

    def __init__(self, *command, core_type=None, stderr=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
                                        env=environment(core_type))

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise ChildProcessError(f"{self.process.args[0]} ended with {self.process.wait()}")
        return list(map(float, answer.split()))


def rate(gemm, core_type, blocks=5):
    """GFLOP/s, the mean of the best blocks of all shapes; None: it computes wrong results, or the processor cannot run it."""
    program = Program(gemm, core_type=core_type, stderr=subprocess.DEVNULL)
    try:
        if not program.ask("check")[0] < RIGHT:
            return None
        return sum(max(program.ask("openblas", *shape)[0] for _ in range(blocks)) for shape in SHAPES) / len(SHAPES)
    except (ChildProcessError, BrokenPipeError):
        return None
    finally:
        program.process.kill()
        program.process.wait()


def rates(gemm):
    """By core type; None: the default."""
    return {core_type: rate(gemm, core_type) for core_type in [None] + CORE_TYPES}


def best_core_type(found):
    """The first that comes within 2 % of the best; None: what OpenBLAS chooses itself."""
    return next(core_type for core_type, value in found.items() if value and value > 0.98 * max(filter(None, found.values())))


def core_types(gemm):
    """By name: the default and, where another is better, the best; where not, two runs of one would be the same."""
    best = best_core_type(rates(gemm))
    return {"default": None} | ({best: best} if best else {})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    measured = rates(sys.argv[1])
    for name, gflops in measured.items():
        print(f"{name or 'default':>15} {f'{gflops:.1f} GFLOP/s' if gflops else 'does not work here'}")
    print(best_core_type(measured) or "default")
