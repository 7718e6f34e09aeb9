# The comparison with reference files: it passes on a folder that agrees, and fails, naming file and reason, on one that does not.
. tests/cli/lib.sh
golden=$(dirname "$BELLMAN")/tests/golden_files/golden_double

# begin FOLDER/FILE...: a new folder $given with these files of tests/golden
begin() {
    given=$folder/given
    rm -rf "$given"
    for file in "$@"; do
        mkdir -p "$given/$(dirname "$file")"
        cp "tests/golden/$file" "$given/$file"
    done
}

# compare NAME STATUS TEXT...: the exit status, and lines of the output, in which several blanks count as one
compare() {
    local name=$1 want=$2 status=0 text
    shift 2
    "$golden" "$given" >"$folder/raw" 2>&1 || status=$?
    tr -s ' ' <"$folder/raw" >"$folder/lines"
    check_same "$name: exit status" "$want" "$status"
    for text; do
        check "$name: '$text'" grep -qF -- "$text" "$folder/lines"
    done
}

begin nets/mlp_relu_mse.csv rl/dqn_0.csv
compare "files that agree" 0 "nets/mlp_relu_mse.csv ok largest error" "rl/dqn_0.csv ok" "2 passed, 0 failed"

# A number that is off by more than its tolerance, in a file of each kind of comparison.
begin nets/mlp_relu_mse.csv rl/dqn_0.csv
sed -i 's/^\(db3,f64,2,[^ ]*\) .*/\1 0.5/' "$given/nets/mlp_relu_mse.csv"
compare "a wrong gradient" 1 "nets/mlp_relu_mse.csv FAILED gradient of parameter" "of 1e-10" "1 passed, 1 failed"
begin env/cartpole_edge.csv
sed -i '2s/.$/1/' "$given/env/cartpole_edge.csv"
compare "a wrong flag" 1 "env/cartpole_edge.csv FAILED row 1: truncated is 0 instead of 1" "0 passed, 1 failed"
begin rng/numpy_default_rng.csv
sed -i '3s/,2 /,3 /' "$given/rng/numpy_default_rng.csv"
compare "a wrong draw" 1 "numpy_default_rng.csv FAILED integers(0;13)x7 is 2 instead of 3"

# What cannot be compared is a failure with its reason.
begin nets/mlp_relu_mse.csv
sed -i '/^W2,/d' "$given/nets/mlp_relu_mse.csv"
compare "a missing tensor" 1 "FAILED" "has no tensor"
begin nets/mlp_relu_mse.csv
sed -i 's/^x,f64,6x3,[^ ]* /x,f64,6x3,/' "$given/nets/mlp_relu_mse.csv"
compare "a tensor with too few values" 1 "FAILED" "x has 17 values instead of 18"
begin nets/mlp_relu_mse.csv
: >"$given/nets/mlp_relu_mse.csv"
compare "an empty file" 1 "mlp_relu_mse.csv FAILED" "is empty" "0 passed, 1 failed"
begin nets/mlp_relu_mse.csv
mv "$given/nets/mlp_relu_mse.csv" "$given/nets/mlp_cosine_mse.csv"
compare "an activation that there is not" 1 "FAILED cosine_mse is not the name of an activation and that of a loss"
begin optim/traj_adam_f64.csv
compare "an input file that is not there" 1 "optim/traj_adam_f64.csv FAILED" "configs.json"
begin nets/mlp_relu_mse.csv
ln -s nowhere "$given/nets/mlp_tanh_mse.csv"
compare "a link to nothing" 1 "nets/mlp_tanh_mse.csv FAILED" "1 passed, 1 failed"

# A kind without code is named and not counted; nothing compared is no success.
begin nets/mlp_relu_mse.csv
echo 'name,dtype,shape,values' >"$given/nets/quaternion_0.csv"
compare "a kind without code" 0 "not yet: nets/quaternion* (files: 1)" "1 passed, 0 failed"
rm "$given/nets/mlp_relu_mse.csv"
compare "nothing that can be compared" 1 "0 passed, 0 failed"
given=$folder/nowhere
compare "a folder that is not there" 1 "cannot read the folder"
finish
