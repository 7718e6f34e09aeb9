# OpenBLAS is opened by what needs it and by nothing else; where it does not open, that says so. BELLMAN_GEMM chooses it for networks.
. tests/cli/lib.sh

mkdir "$folder/empty" "$folder/bare"
: >"$folder/empty/libopenblas.so.0"
echo 'void openblas_set_num_threads(int n) { (void)n; } int openblas_get_num_threads(void) { return 1; }' >"$folder/bare.c"
check "a library without LAPACK" ${CC:-gcc} -shared -fPIC -o "$folder/bare/libopenblas.so.0" "$folder/bare.c"
with() { # with FOLDER COMMAND...: FOLDER's library is found first
    LD_LIBRARY_PATH=$folder/$1 "${@:2}"
}
train=("$BELLMAN" train dqn CartPole-v1 --steps 400 --learning-starts 200 --eval-episodes 1 --runs "$folder/runs" --quiet --json)
needs_it() { # needs_it NAME COMMAND...
    check_exit 1 "$1 where it does not open" with empty "${@:2}"
    check_says "linear algebra needs OpenBLAS (Debian: libopenblas0), which does not open: $folder/empty/libopenblas.so.0: file too short"
    check_exit 1 "$1 where it has no LAPACK" with bare "${@:2}"
    check_says "OpenBLAS has no dsyev_: install one with LAPACK"
}

check_output "--help without it" "bellman train" with empty "$BELLMAN" --help
needs_it newton "$BELLMAN" optim rosenbrock --optimizer newton --steps 3
needs_it cmaes "$BELLMAN" tune dqn CartPole-v1 --sampler cmaes --trials 1 --storage "$folder/study.db"
needs_it "the linear baseline" "$BELLMAN" meta maml point2d --meta-iterations 1 --runs "$folder/runs" --quiet
check_output "newton with it" "newton,3," "$BELLMAN" optim rosenbrock --optimizer newton --steps 3

if grep -qw avx2 /proc/cpuinfo; then
    check "networks do without it" with empty "${train[@]}"
fi
check_exit 1 "networks that are to use it" env BELLMAN_GEMM=openblas LD_LIBRARY_PATH="$folder/empty" "${train[@]}"
check_exit 2 "an unknown library for products" env BELLMAN_GEMM=mkl "${train[@]}"
check_says "BELLMAN_GEMM=mkl is unknown: it can be openblas, or not set"
check_into "$folder/train" "networks through it" env BELLMAN_GEMM=openblas "${train[@]}"
check_same "all steps" 400 "$(json "$folder/train" steps)"
finish
