# One binary on every machine: a processor with nothing beyond the first x86-64 (qemu64) runs the program, and optimizers print the
# same bytes there, on one with AVX2 (Haswell), and here. Both are played by qemu-user. Training is only run: its matrix kernels
# use fused multiply-add where there is one, and then round differently; gradients are OpenBLAS's where there is none.
. tests/cli/lib.sh

check "the program runs here" "$BELLMAN" --version
if grep -q __asan_init "$BELLMAN"; then
    echo "sanitizers want more address space than qemu-user gives: other processors are not tested"
    finish
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "this is no x86-64: its older kinds are not tested"
    finish
fi
emulator=$(command -v qemu-x86_64 || command -v qemu-x86_64-static)
if [ -z "$emulator" ]; then
    echo "qemu-x86_64 (Debian: qemu-user) is not installed: other processors are not tested"
    finish
fi
# What qemu-user lacks of a Haswell is left out, or it complains. The first x86-64 was AMD's and had 3DNow!, which OpenBLAS uses there.
declare -A processor=([plain]="qemu64,+3dnow,+3dnowext" [avx2]="Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid")
on() { # on MACHINE COMMAND...
    local machine=$1
    shift
    "$emulator" -cpu "${processor[$machine]}" "$@"
}
if on avx2 "$BELLMAN" --version 2>&1 >/dev/null | grep -q "EBX.avx2 "; then
    echo "this qemu (before 7.2) plays no AVX2: only plain x86-64 and this machine are compared"
fi

# ---- the program itself
check_same "--version on a plain x86-64" "$("$BELLMAN" --version)" "$(on plain "$BELLMAN" --version)"
check_same "list envs on a plain x86-64" "$("$BELLMAN" list envs)" "$(on plain "$BELLMAN" list envs)"
for machine in plain avx2; do
    check_into "$folder/train" "training on $machine" on $machine "$BELLMAN" train dqn CartPole-v1 --steps 2000 --net-arch 16 --batch-size 16 \
        --eval-episodes 2 --runs "$folder/runs" --name $machine --quiet --json
    check_same "trained all steps on $machine" 2000 "$(json "$folder/train" steps)"
    check "and learned from some of them" [ "$(json "$folder/train" updates)" -gt 0 ]
done

# ---- optimizers: 67 parameters are whole vectors of any width and a rest; gradients of all sizes, with zeros and changes of sign
steps=40
size=517
python3 - $size $steps >"$folder/gradients.csv" <<'SCRIPT'
import random, sys
size, steps = map(int, sys.argv[1:])
draw = random.Random(67)
print(",".join("%.9g" % draw.uniform(-2, 2) for _ in range(size)))
for _ in range(steps):
    print(",".join("0" if draw.random() < 0.1 else "%.9g" % (draw.gauss(0, 1) * 10 ** draw.uniform(-5, 2)) for _ in range(size)))
SCRIPT

# same_everywhere OPTIMIZER LR SETTING...: in float and in double
same_everywhere() {
    local name=$1 lr=$2 settings=() real setting machine
    shift 2
    for setting; do
        settings+=(--set "$setting")
    done
    for real in float double; do
        local command=("$BELLMAN" optim --gradients "$folder/gradients.csv" --optimizer "$name" --lr "$lr" "${settings[@]}")
        [ $real = float ] && command+=(--float)
        local what="$name${*:+ $*} in $real"
        check_into "$folder/here" "$what" "${command[@]}"
        check_same "$what: a header, the start and every step, whole" "$((steps + 2)) $((size + 2))" \
            "$(awk -F , 'NF != columns { columns = NF; kinds++ } END { print NR, kinds == 1 ? columns : "ragged" }' "$folder/here")"
        check "$what: numbers" sh -c "! grep -qi 'nan\|inf' '$folder/here'"
        check "$what: they move" [ "$(sed -n '2s/^[^,]*,[^,]*,//p' "$folder/here")" != "$(sed -n '$s/^[^,]*,[^,]*,//p' "$folder/here")" ]
        for machine in plain avx2; do
            check_into "$folder/there" "$what on $machine" on $machine "${command[@]}"
            check "$what: the same bytes on $machine" cmp "$folder/here" "$folder/there"
        done
        cp "$folder/here" "$folder/$real"
    done
    check "$name${*:+ $*}: float is not double" sh -c "! cmp -s '$folder/float' '$folder/double'"
}

check_into "$folder/list" "list optimizers" "$BELLMAN" list optimizers --json
python3 -c '
import json, sys
for item in json.load(open(sys.argv[1]))["optimizers"]:
    if item["trains_networks"]:
        print(item["name"], item["default_lr"])' "$folder/list" >"$folder/optimizers"
check "there are optimizers" [ -s "$folder/optimizers" ]
while read -r name lr; do
    same_everywhere "$name" "$lr"
done <"$folder/optimizers"
same_everywhere sgd 0.01 momentum=0.9 nesterov=true weight_decay=0.01
same_everywhere adam 0.001 amsgrad=true weight_decay=0.01
same_everywhere rmsprop 0.01 centered=true momentum=0.9
finish
