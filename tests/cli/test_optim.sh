# bellman optim: rows, table and JSON against numbers worked by hand, pictures that are whole, interruption, divergence, and what it
# says to bad input.
. tests/cli/lib.sh

csv=$folder/rows.csv

# row FILE OPTIMIZER STEP NAME=VALUE...: the only row of that step holds these numbers, to 1e-14
row() {
    python3 - "$@" <<'PYTHON'
import csv, sys
path, optimizer, step = sys.argv[1:4]
found = [r for r in csv.DictReader(open(path)) if (r["optimizer"], r["step"]) == (optimizer, step)]
if len(found) != 1:
    sys.exit(f"{len(found)} rows of {optimizer} at step {step}")
for word in sys.argv[4:]:
    name, want = word.split("=")
    got, want = float(found[0][name]), float(want)
    if not abs(got - want) <= 1e-14 * max(1, abs(want)):
        sys.exit(f"{name} at step {step} is {got!r}, not {want!r}")
PYTHON
}
steps_of() { # steps_of FILE OPTIMIZER: the steps it has rows of
    sed -n "s/^$2,\([0-9]*\),.*/\1/p" "$1" | xargs
}
optim() {
    "$BELLMAN" optim "$@"
}

# ---- rows: quadratic is 0.1 x^2 + 2 y^2, from (-5, -2), where its gradient is (-1, -8)

check_into "$csv" "gradient descent" optim quadratic --optimizer sgd --lr 0.1 --steps 3
check_same "the header" "optimizer,step,x0,x1,value" "$(head -n 1 "$csv")"
check_same "the start, and a row a step" "0 1 2 3" "$(steps_of "$csv" sgd)"
check_same "step 0 is the start" "sgd,0,-5,-2,10.5" "$(sed -n 2p "$csv")"
check "one step is the start less lr times the gradient" row "$csv" sgd 1 x0=-4.9 x1=-1.2 value=5.281
check "and one more" row "$csv" sgd 2 x0=-4.802 x1=-0.72
check_same "numbers have 17 digits, which give back the same double" "-4.9000000000000004" "$(sed -n 3p "$csv" | cut -d, -f3)"
check_same "a person reads the table on standard error" 1 \
    "$(optim quadratic --optimizer sgd --lr 0.1 --steps 3 2>&1 >/dev/null | grep -c '^sgd  *0.1 ')"
check_into "$csv" "another start" optim quadratic --optimizer sgd --lr 0.1 --steps 1 --start 1e1,-.5 --quiet
check "is where it begins" row "$csv" sgd 0 x0=10 x1=-0.5 value=10.5
check "quiet is quiet" [ ! -s "$folder/.err" ]
check_into "$csv" "no step" optim quadratic --steps 0
check_same "is a row" 0 "$(steps_of "$csv" adam)"
check_into "$csv" "a thousand steps of Adam, where nobody says otherwise" optim quadratic
check_same "from 0 to 1000" 1002 "$(wc -l <"$csv")"
check_into "$csv" "few rows" optim quadratic --steps 10 --every 4
check_same "every fourth, and the last" "0 4 8 10" "$(steps_of "$csv" adam)"
check_into "$folder/all.csv" "all rows" optim quadratic --steps 10
check_same "few rows are some of all rows" "$(grep -e ,step, -e ',[048],' -e ',10,' "$folder/all.csv")" "$(cat "$csv")"

check_into "$folder/json" "rows to a file, JSON to the output" optim quadratic --optimizer sgd,adam --lr 0.1 --steps 3 --csv "$csv" --json
check_same "nothing is left beside the file" rows.csv "$(cd "$folder" && echo rows.csv*)"
check_same "one line of JSON" 1 "$(wc -l <"$folder/json")"
check_into "$folder/both" "rows and JSON to the output" optim quadratic --optimizer sgd,adam --lr 0.1 --steps 3 --csv - --json
check_same "the same rows, then the same object" "$(cat "$csv" "$folder/json")" "$(cat "$folder/both")"

# ---- several optimizers, each with settings of its own

check_into "$csv" "own settings win over those of all" optim quadratic --optimizer adam:lr=0.5:beta1=0.8,sgd,adam --lr 0.1 --steps 2
check_same "labels tell them apart" "adam adam:lr=0.5:beta1=0.8 sgd" "$(tail -n +2 "$csv" | cut -d, -f1 | sort -u | xargs)"
check "its own rate" row "$csv" adam:lr=0.5:beta1=0.8 1 x0=-4.500000005 x1=-1.500000000625
check "the rate of all" row "$csv" sgd 1 x0=-4.9 x1=-1.2
check "here too" row "$csv" adam 1 x0=-4.900000001 x1=-1.900000000125
check_into "$csv" "the same twice" optim quadratic --optimizer adam,adam,sgd --steps 1
check_same "gets numbers" "adam adam#2 sgd" "$(tail -n +2 "$csv" | cut -d, -f1 | uniq | xargs)"
check_into "$folder/a.csv" "--set for all" optim quadratic --optimizer sgd:lr=0.01,rmsprop --set momentum=0.9 --set lr=0.1 --steps 5
check_into "$folder/b.csv" "a flag for all" optim quadratic --optimizer sgd:lr=0.01,rmsprop --momentum 0.9 --lr 0.1 --steps 5
check_into "$folder/c.csv" "settings of each" optim quadratic --optimizer sgd:lr=0.01:momentum=0.9,rmsprop:lr=0.1:momentum=0.9 --steps 5
check "are three ways to say the same" cmp "$folder/a.csv" "$folder/b.csv"
check "the third" cmp "$folder/b.csv" "$folder/c.csv"
check "momentum: x falls by lr (1 + 0.9 + ...) of the gradient" row "$folder/a.csv" sgd 2 x0=-4.97102 x1=-1.7712
check_into "$csv" "beta1 as a flag" optim quadratic --beta1 0.8 --steps 2
check_into "$folder/b.csv" "beta1 as a setting" optim quadratic --optimizer adam:beta1=0.8 --steps 2
check "are the same" cmp "$csv" "$folder/b.csv"
check_into "$folder/json" "JSON" optim quadratic --optimizer sgd,adam:beta1=0.8:lr=0.1 --lr 0.5 --steps 20 --tolerance 3 --json
check_same "names the function" '"quadratic" [-5, -2] 20 3' "$(python3 -c 'import json, sys
o = json.load(open(sys.argv[1])); print(json.dumps(o["function"]), o["start"], o["steps"], o["tolerance"])' "$folder/json")"
check_same "its optimizers" "sgd adam" "$(json "$folder/json" optimizers 0 optimizer) $(json "$folder/json" optimizers 1 optimizer)"
check_same "their settings" "0.5 0.1 0.8 false" "$(json "$folder/json" optimizers 0 lr) $(json "$folder/json" optimizers 1 lr) \
$(json "$folder/json" optimizers 1 settings beta1) $(json "$folder/json" optimizers 1 settings amsgrad)"
check_same "how far it came: x = -5 * 0.9^20, y = -2" "True" "$(python3 -c 'import json, sys
o = json.load(open(sys.argv[1]))["optimizers"][0]
x, y = -5 * 0.9 ** 20, -2
near = lambda a, b: abs(a - b) < 1e-12
print(near(o["x"][0], x) and near(o["x"][1], y) and near(o["value"], 0.1 * x * x + 2 * y * y)
      and near(o["distance"], (x * x + y * y) ** 0.5) and o["steps"] == o["evaluations"] == 20 and o["diverged"] is False
      and o["best_value"] == o["value"] and o["steps_to_tolerance"] is None)' "$folder/json")"
check_into "$folder/json" "a tolerance" optim quadratic --optimizer sgd --lr 0.1 --steps 9 --tolerance 5.281000001 --json
check_same "counts the steps to it" 1 "$(json "$folder/json" optimizers 0 steps_to_tolerance)"
check_same "the table too" 1 "$(optim quadratic --optimizer sgd --lr 0.1 --steps 9 --tolerance 5.281000001 2>&1 >/dev/null | grep -c 'step 1 ')"
check_into "$csv" "single precision" optim quadratic --optimizer sgd --lr 0.1 --steps 1 --float
check "rounds to floats" row "$csv" sgd 1 x0=-4.900000095367431640625 x1=-1.2000000476837158203125

# ---- schedules, limits, noise

check_into "$csv" "a schedule" optim quadratic --optimizer sgd --lr 0.1 --steps 5 --schedule step:step_size=2:gamma=0.5
check "halves the rate every other step" row "$csv" sgd 5 "x0=$(python3 -c 'print(-5 * 0.98 * 0.98 * 0.99 * 0.99 * 0.995)')"
check_into "$csv" "the cosine" optim quadratic --optimizer sgd --lr 0.1 --steps 4 --schedule cosine
check "goes down over the run" row "$csv" sgd 3 "x0=$(python3 -c 'from math import *
print(-5 * prod(1 - 0.2 * 0.1 * (1 + cos(pi * k / 4)) / 2 for k in range(3)))')"
check_into "$csv" "a rate that falls" optim quadratic --optimizer sgd --lr lin_0.1 --steps 4
check "falls in a straight line to 0" row "$csv" sgd 4 "x0=$(python3 -c 'print(-5 * 0.98 * 0.985 * 0.99 * 0.995)')"
check_into "$csv" "gradients limited" optim quadratic --optimizer sgd --lr 0.1 --steps 1 --clip-value 2
check "each" row "$csv" sgd 1 x0=-4.9 x1=-1.8
check_into "$csv" "gradients shortened" optim quadratic --optimizer sgd --lr 0.1 --steps 1 --clip-norm 1
check "all by one factor" row "$csv" sgd 1 "x0=$(python3 -c 'print(-5 + 0.1 / (65 ** 0.5 + 1e-6))')" \
    "x1=$(python3 -c 'print(-2 + 0.8 / (65 ** 0.5 + 1e-6))')"
check_into "$csv" "a limit far away" optim quadratic --optimizer sgd --lr 0.1 --steps 1 --clip-norm 100 --clip-value 100
check "changes nothing" row "$csv" sgd 1 x0=-4.9 x1=-1.2

noisy() {
    optim sphere:dims=2000 --optimizer sgd:lr=0.25,sgd:lr=0.25 --steps 2 --noise 3 "$@"
}
check_into "$folder/a.csv" "noise" noisy --seed 7
check_into "$folder/b.csv" "the same seed" noisy --seed 7
check_into "$folder/c.csv" "another seed" noisy --seed 8
check "equal seeds, equal rows" cmp "$folder/a.csv" "$folder/b.csv"
check "other seeds, other rows" sh -c "! cmp -s '$folder/a.csv' '$folder/c.csv'"
check_same "all optimizers meet the same noise" "$(grep '^sgd:lr=0.25,' "$folder/a.csv" | cut -d, -f2-)" \
    "$(grep '^sgd:lr=0.25#2,' "$folder/a.csv" | cut -d, -f2-)"
check "it is normal, of the deviation that was asked for, and new every step" python3 - "$folder/a.csv" <<'PYTHON'
import csv, statistics, sys
before, after, third = ([float(v) for v in r[2:-1]] for r in list(csv.reader(open(sys.argv[1])))[1:4])
first, second = ([(x - 0.25 * 2 * x - y) / 0.25 for x, y in zip(a, b)] for a, b in ((before, after), (after, third)))
for noise in first, second:
    mean, deviation = statistics.mean(noise), statistics.pstdev(noise)
    inside = sum(abs(n) < 3 for n in noise) / len(noise)
    if abs(mean) > 5 * 3 / 2000 ** 0.5 or abs(deviation - 3) > 5 * 3 / 4000 ** 0.5 or abs(inside - 0.6827) > 0.05:
        sys.exit(f"mean {mean}, deviation {deviation}, {inside} within one deviation")
if abs(sum(a * b for a, b in zip(first, second)) / 2000) > 5 * 9 / 2000 ** 0.5:
    sys.exit("the noise of one step knows that of the other")
PYTHON
check_into "$folder/a.csv" "gradients that are drawn" optim sparse --optimizer sgd --steps 20 --seed 3
check_into "$folder/b.csv" "with another seed" optim sparse --optimizer sgd --steps 20 --seed 4
check_same "begin alike" "$(sed -n 2p "$folder/a.csv")" "$(sed -n 2p "$folder/b.csv")"
check "and go on otherwise" sh -c "! cmp -s '$folder/a.csv' '$folder/b.csv'"

# ---- recorded gradients

printf '1,2\r\n 0.5 , -1\n0,4\n' >"$folder/gradients"
check_into "$csv" "recorded gradients" optim --gradients "$folder/gradients" --optimizer sgd,adam --lr 0.1
check_same "the header has no value" "optimizer,step,x0,x1" "$(head -n 1 "$csv")"
check_same "as many steps as rows" "0 1 2" "$(steps_of "$csv" sgd)"
check_same "of all optimizers" "0 1 2" "$(steps_of "$csv" adam)"
check "the first row is the start" row "$csv" sgd 0 x0=1 x1=2
check "the next a gradient" row "$csv" sgd 1 x0=0.95 x1=2.1
check "and the last" row "$csv" sgd 2 x0=0.95 x1=1.7
check_into "$csv" "recorded gradients as floats" optim --gradients "$folder/gradients" --optimizer sgd --lr 0.1 --float
check "round" row "$csv" sgd 1 x0=0.949999988079071044921875 x1=2.099999904632568359375
check_into "$csv" "fewer steps" optim --gradients "$folder/gradients" --steps 1 --csv -
check_same "than there are rows" "0 1" "$(steps_of "$csv" adam)"
check "to a file" optim --gradients "$folder/gradients" --optimizer sgd --lr 0.1 --every 2 --csv "$csv" --clip-value 0.5
check_same "some of them" "0 2" "$(steps_of "$csv" sgd)"
check "clipped" row "$csv" sgd 2 x0=0.95 x1=2
printf '3\n' >"$folder/start"
check_into "$csv" "a start alone" optim --gradients "$folder/start"
check_same "is a row" "adam,0,3" "$(tail -n 1 "$csv")"
printf '0\n1e300\n1\n' >"$folder/steep"
check_exit 1 "one diverges" optim --gradients "$folder/steep" --optimizer sgd:lr=1e300,adam --csv "$csv"
check_says "sgd diverged at step 1: a coordinate is no longer finite"
check_same "the other goes on" "0 1 2" "$(steps_of "$csv" adam)"
check_same "it has the rows before" "0" "$(steps_of "$csv" sgd)"

# ---- functions

check_into "$csv" "one coordinate" optim xsin --optimizer sgd --lr 0.1 --steps 1 --start 0.5
check "x sin(-pi x) at 1/2, where it falls by 1" row "$csv" sgd 1 x0=0.6 "value=$(python3 -c 'from math import *; print(0.6 * sin(-pi * 0.6))')"
check_into "$csv" "a hundred coordinates" optim sphere:dims=100 --optimizer sgd --lr 0.1 --steps 1
check_same "all in the header" "x99,value" "$(head -n 1 "$csv" | cut -d, -f102-)"
check_same "all in a row" 103 "$(sed -n 3p "$csv" | tr , '\n' | wc -l)"
check_into "$csv" "ten thousand coordinates" optim sphere:dims=10000 --optimizer sgd --steps 1
check_same "are as many columns" 10003 "$(sed -n 3p "$csv" | tr , '\n' | wc -l)"
check_into "$csv" "as many coordinates as the start has" optim rosenbrock --start 0,0,0,0 --steps 1
check_same "four" "optimizer,step,x0,x1,x2,x3,value" "$(head -n 1 "$csv")"
check_into "$csv" "an expression" optim '(1-x)^2 + 100*(y-x^2)^2' --optimizer sgd --lr 0.001 --steps 50 --start -1.5,2
check_into "$folder/b.csv" "the function" optim rosenbrock --optimizer sgd --lr 0.001 --steps 50 --start -1.5,2
check "is the same function" python3 - "$csv" "$folder/b.csv" <<'PYTHON'
import csv, sys
a, b = ([list(map(float, r[1:])) for r in list(csv.reader(open(p)))[1:]] for p in sys.argv[1:])
sys.exit(len(a) != len(b) or any(abs(x - y) > 1e-9 * max(1, abs(y)) for r, s in zip(a, b) for x, y in zip(r, s)))
PYTHON
check_into "$folder/json" "second-order methods" optim rosenbrock --optimizer lbfgs,newton --steps 40 --json
check_same "arrive" True "$(python3 -c 'import json, sys
print(all(o["value"] < 1e-8 and o["steps_to_tolerance"] <= 40 for o in json.load(open(sys.argv[1]))["optimizers"]))' "$folder/json")"

# ---- divergence

check_exit 1 "a rate too high" optim quadratic --optimizer sgd --lr 10 --steps 1000 --csv "$csv" --quiet
check_says "sgd diverged at step 97: the value is no longer finite" # y grows by 39 a step: 2 (2 * 39^97)^2 is no double
check "every step before it has a row, and all are numbers" python3 - "$csv" <<'PYTHON'
import csv, math, sys
rows = list(csv.reader(open(sys.argv[1])))[1:]
wrong = [r for r in rows if len(r) != 5 or not all(math.isfinite(float(v)) for v in r[1:])]
sys.exit(len(wrong) > 0 or [int(r[1]) for r in rows] != list(range(97)))
PYTHON
check_exit 1 "few rows of it" optim quadratic --optimizer sgd --lr 10 --every 50 --csv "$csv" --quiet
check_same "end with the last place it was at" "0 50 96" "$(steps_of "$csv" sgd)"
check_exit 1 "one of three" optim quadratic --optimizer adam,sgd:lr=10,adagrad --steps 200 --csv "$csv" --quiet
check_same "does not stop the next" 201 "$(grep -c ^adagrad "$csv")"
check_same "nor the one before" 201 "$(grep -c ^adam, "$csv")"
optim quadratic --optimizer sgd:lr=10,adam --json --steps 200 >"$folder/json" 2>"$folder/table"
check_same "the JSON says so" "1 true false" "$? $(json "$folder/json" optimizers 0 diverged) $(json "$folder/json" optimizers 1 diverged)"
check "the table too" grep -q '^sgd .* diverged at step 97$' "$folder/table"
check_exit 1 "a value that is no number" optim 'log(x)' --start 1 --optimizer sgd --lr 2 --steps 3 --quiet
check_says "sgd diverged at step 1: the value is no longer finite"
check_exit 1 "floats end sooner" optim quadratic --optimizer sgd --lr 10 --float --quiet
check_says "sgd diverged at step 25: a coordinate is no longer finite"

# ---- pictures

whole() { # well-formed XML, all of numbers
    python3 -c 'import re, sys, xml.dom.minidom
text = open(sys.argv[1], encoding="utf-8").read()
xml.dom.minidom.parseString(text)
sys.exit(re.search(r"[\"\s,](-?nan|-?inf)\b", text) is not None)' "$1"
}
svg=$folder/picture.svg
for function in quadratic xsin sphere:dims=100 'x^2+abs(y)' 'sqrt(x)' 'x+y+z'; do
    check "$function drawn" optim "$function" --optimizer sgd,adam --start "$(case $function in
        xsin) echo 0.5 ;; sqrt*) echo 5 ;; sphere*) python3 -c 'print(*[1.5] * 100, sep=",")' ;; x+y+z) echo 1,2,3 ;; *) echo 1.5,0.5 ;; esac)" \
        --lr 0.01 --steps 200 --plot "$svg" --plot-lr "$folder/rates.svg" --quiet
    check "$function is a whole SVG" whole "$svg"
    check "its rates too" whole "$folder/rates.svg"
done
check "a surface" optim himmelblau --optimizer adam,lbfgs --surface --title 'A & <b>' --size 640x360 --plot "$svg" --quiet
check "is a whole SVG" whole "$svg"
check "of the size asked for" grep -q 'width="640" height="360"' "$svg"
check "with its title" grep -q '>A &amp; &lt;b&gt;<' "$svg"
check "the legend" grep -q '>lbfgs<' "$svg"
optim quadratic --optimizer adam,sgd:lr=10 --plot "$svg" >/dev/null 2>&1
check_same "one that diverges fails" 1 $?
check "and is drawn" whole "$svg"
check "with a word on it" grep -q 'diverged at step 97' "$svg"
check_exit 0 "a window with no value" optim 'sqrt(x)+y^2' --start 1,1 --window -3,-1,-1,1 --steps 5 --plot "$svg" --quiet
check_says "sqrt(x)+y^2 is nowhere finite in the window; the picture shows the rest"
check "the rest is drawn" whole "$svg"
check "the values" grep -q '>adam<' "$svg"
check_exit 0 "of one coordinate too" optim 'sqrt(x)' --start 1 --window -3,-1 --steps 5 --plot "$svg" --quiet
check_says "nowhere finite"
check "the rest is drawn" whole "$svg"
check_exit 0 "a window as wide as numbers are" optim quadratic --window -1e308,1e308,-1e308,1e308 --steps 5 --plot "$svg" --quiet
check "is drawn" whole "$svg"
check_exit 0 "a start far away" optim quadratic --start 1e150,2 --steps 5 --plot "$svg" --quiet
check "is drawn" whole "$svg"
if optim quadratic --steps 9 --plot "$folder/picture.png" --quiet >/dev/null 2>"$folder/.err"; then
    check_same "a PNG of the usual size" "PNG 1200x560" "$(python3 -c 'import struct, sys
head = open(sys.argv[1], "rb").read(24)
print(head[1:4].decode(), "%dx%d" % struct.unpack(">II", head[16:24]))' "$folder/picture.png")"
else
    check "without libpng it says so" grep -q libpng "$folder/.err"
fi

# ---- recordings, without a display

hidden() {
    env -u DISPLAY -u WAYLAND_DISPLAY -u SDL_VIDEODRIVER "$BELLMAN" optim "$@"
}
if hidden himmelblau --optimizer sgd,adam --lr 0.01 --steps 40 --speed 100 --size 320x200 --record "$folder/race.gif" \
    >"$folder/table" 2>"$folder/.err"; then
    check_same "a GIF" GIF89a "$(head -c 6 "$folder/race.gif")"
    check "the table comes after it" grep -q '^himmelblau from (0, 0), 40 steps' "$folder/table"
    hidden himmelblau --optimizer sgd,adam --lr 0.01 --steps 40 --csv - --quiet >"$csv"
    check_into "$folder/json" "recorded" hidden himmelblau --optimizer sgd,adam --lr 0.01 --steps 40 --speed 100 --size 320x200 \
        --record "$folder/again.gif" --json --quiet
    check_same "watching changes nothing" "$(grep ^sgd,40 "$csv" | cut -d, -f5 | cut -c-14)" "$(python3 -c 'import json, sys
print("%.17g" % json.load(open(sys.argv[1]))["optimizers"][0]["value"])' "$folder/json" | cut -c-14)"
    check "the same race is the same film" cmp "$folder/race.gif" "$folder/again.gif"
else
    check "without giflib it says so" grep -q giflib "$folder/.err"
fi
if [ -e "$folder/picture.png" ]; then
    check "frames as pictures" hidden xsin --steps 20 --speed 50 --size 200x150 --record "$folder/frame%05d.png" --quiet
    check "there are many" [ "$(find "$folder" -name 'frame*.png' | wc -l)" -ge 20 ]
fi
check_exit 1 "no display" hidden quadratic --render
check_says "--record FILE"

# ---- interruption, pipes, full disks

interrupted() { # interrupted FILE COMMAND...: SIGINT once FILE is there
    local file=$1 running
    shift
    "$@" >"$folder/table" 2>/dev/null &
    running=$!
    for _ in $(seq 200); do
        [ -e "$file" ] && break
        sleep 0.05
    done
    sleep 0.2
    kill -INT $running
    wait $running
}
set -m # or what runs in the background ignores SIGINT
interrupted "$csv-long.tmp" "$BELLMAN" optim rosenbrock --optimizer adam,nadam --steps 1e12 --every 1000 --csv "$csv-long"
check_same "SIGINT ends a long run" 130 $?
set +m
check "its rows are complete" python3 - "$csv-long" <<'PYTHON'
import sys
text = open(sys.argv[1]).read()
rows = [line.split(",") for line in text.splitlines()]
adam = [r for r in rows if r[0] == "adam"]
sys.exit(not text.endswith("\n") or {len(r) for r in rows} != {5} or [int(r[1]) for r in adam][:-1] != list(range(0, 1000 * (len(adam) - 1), 1000)) or int(adam[-1][1]) <= int(adam[-2][1]))
PYTHON
check "no half-written file" [ ! -e "$csv-long.tmp" ]
check "and the table says where it was" grep -q '^nadam ' "$folder/table"

status=$(optim quadratic --steps 200000 2>/dev/null | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}")
check "a pipe closed early ends it" [ "$status" -eq 141 ] || [ "$status" -eq 1 ]
check_same "a pipe that reads all gets all" 200002 "$(optim quadratic --steps 200000 2>/dev/null | wc -l)"
check_into "$folder/a.csv" "rows to the output" optim quadratic --steps 3 --quiet
check_same "come out under its other name too" "$(cat "$folder/a.csv")" "$(optim quadratic --steps 3 --csv /dev/stdout 2>/dev/null | cat)"
if [ ! -w /dev ]; then # who might replace /dev/stdout by a file, does not try
    check_into "$folder/b.csv" "that is a file" optim quadratic --steps 3 --csv /dev/stdout --quiet
    check "as well" cmp "$folder/a.csv" "$folder/b.csv"
fi
if [ -e /dev/full ]; then
    full_disk() { optim quadratic --steps 1000 --quiet >/dev/full; }
    check_exit 1 "a full disk" full_disk
    check_exit 1 "a full device" optim quadratic --steps 1000 --quiet --csv /dev/full
    check_says "cannot write /dev/full"
fi
rm -rf "$folder/full" && mkdir "$folder/full"
small_disk() {
    (ulimit -f 8 && exec "$BELLMAN" optim quadratic --steps 5000 --quiet "$@")
}
check_exit 1 "rows that the disk cannot hold" small_disk --csv "$folder/full/rows.csv"
check_says "cannot write $folder/full/rows.csv"
echo kept >"$folder/full/kept.csv"
check_exit 1 "in place of others" small_disk --csv "$folder/full/kept.csv"
check_same "leave those alone" "kept.csv kept" "$(ls "$folder/full") $(cat "$folder/full/kept.csv")"
check_exit 1 "a picture the disk cannot hold" small_disk --csv /dev/null --plot "$folder/full/picture.svg"
check_same "leaves nothing" kept.csv "$(ls "$folder/full")"

# ---- bad input: one sentence, exit 2, and nothing is written

mkdir "$folder/none"
refuses() { # refuses SAYS ARGUMENT...
    local says=$1
    shift
    check_exit 2 "optim $*" "$BELLMAN" optim "$@"
    check_says "$says"
    check "and writes no row" [ ! -s "$folder/.out" ]
    check "nor file" [ -z "$(ls "$folder/none")" ]
}
to=$folder/none/rows.csv
pictured="--plot $folder/none/picture.svg"
refuses "wants a function"
refuses "one function at a time" x + y
refuses "unknown function rozenbrock; did you mean rosenbrock?" rozenbrock --csv "$to"
refuses "unknown optimizer adaam; did you mean adam?" quadratic --optimizer sgd,adaam --csv "$to"
refuses "unknown optimizer foo" quadratic --optimizer foo --csv "$to"
refuses "missing between commas" quadratic --optimizer adam,,sgd --csv "$to"
refuses "missing between commas" quadratic --optimizer "" --csv "$to"
refuses "more than 16 optimizers" quadratic --optimizer "$(python3 -c 'print(*["adam"] * 17, sep=",")')" --csv "$to"
refuses "did you mean --optimizer?" quadratic --optimiser adam --csv "$to"
refuses "adam: unknown option beta3; did you mean beta1?" quadratic --set beta3=1 --csv "$to"
refuses "adam: unknown option bta1; did you mean beta1?" quadratic --optimizer adam:bta1=0.3 --csv "$to"
refuses "sgd: unknown option beta1" quadratic --optimizer sgd,adam --beta1 0.8 --csv "$to"
refuses "sgd: unknown option beta1" quadratic --optimizer adam,sgd --set beta1=0.8 --csv "$to"
refuses ":key=value, not :beta1" quadratic --optimizer adam:beta1 --csv "$to"
refuses "key=value" quadratic --set beta1 --csv "$to"
for rate in 0 -0.1 nan inf 1e400 abc "" lin_0 lin_-1 lin_; do
    refuses "learning rate $rate is not a number above 0" quadratic --lr "$rate" --csv "$to"
    refuses "sgd's learning rate $rate is not" quadratic --optimizer "sgd:lr=$rate" --lr 1 --csv "$to"
done
for beta in 1 1.5 -0.1 nan x; do
    refuses "adam: beta1=$beta" quadratic --optimizer "adam:beta1=$beta" --csv "$to"
    refuses "adam: beta2=$beta" quadratic --beta2 "$beta" --csv "$to"
done
refuses "nesterov" quadratic --optimizer sgd:nesterov=true --csv "$to"
refuses "adam: amsgrad=perhaps" quadratic --optimizer adam:amsgrad=perhaps --csv "$to"
refuses "quadratic has 2 coordinates, not 3" quadratic --start 1,2,3 --csv "$to"
refuses "quadratic has 2 coordinates, not 1" quadratic --start 1 --csv "$to"
refuses "xsin has 1 coordinate, not 2" xsin --start 1,2 --csv "$to"
refuses "has 2 coordinates, not 1" 'x+y' --start 1 --csv "$to"
refuses "'nan' is not a finite number" quadratic --start nan,1 --csv "$to"
refuses "'inf' is not a finite number" quadratic --start 1,inf --csv "$to"
refuses "'1e400' is not a finite number" quadratic --start 1e400,1 --csv "$to"
refuses "'' is not a finite number" quadratic --start 1,2, --csv "$to"
refuses "'two' is not a finite number" quadratic --start 1,two --csv "$to"
refuses "quadratic is inf at the start" quadratic --start 1e200,1 --csv "$to"
refuses "log(x) has no value at the start" 'log(x)' --start -1 --csv "$to"
refuses "--start has more than 10000 numbers" sphere --start "$(python3 -c 'print(*[1] * 10001, sep=",")')" --csv "$to"
refuses "character 5" 'x^2+' --csv "$to"
refuses "unknown name 'abc' at character 1; did you mean abs?" 'abc(x)' --csv "$to"
refuses "character 3" 'x+)' --csv "$to"
refuses "dims" sphere:dims=0 --csv "$to"
refuses "quadratic has no options" quadratic:dims=3 --csv "$to"
refuses "--steps=-1 is not a whole number" quadratic --steps -1 --csv "$to"
refuses "--steps=1.5 is not a whole number" quadratic --steps 1.5 --csv "$to"
refuses "--every=0 is not a whole number" quadratic --every 0 --csv "$to"
refuses "--seed=-1 is not a whole number" quadratic --seed -1 --csv "$to"
for flag in noise clip-norm clip-value tolerance; do
    for value in -1 0 nan inf x; do
        refuses "--$flag wants a number above 0, not $value" quadratic --$flag $value --csv "$to"
    done
done
refuses "unknown schedule stp; did you mean step?" quadratic --schedule stp --csv "$to"
refuses "unknown option step_sze; did you mean step_size?" quadratic --schedule step:step_sze=3 --csv "$to"
refuses "gamma=11" quadratic --schedule step:gamma=11 --csv "$to"
refuses "lbfgs compares values of the function: it cannot work with noise" quadratic --optimizer lbfgs --noise 1 --csv "$to"
refuses "cannot work with clipping" quadratic --optimizer adam,newton --clip-norm 1 --csv "$to"
refuses "cannot work with floats" quadratic --optimizer newton --float --csv "$to"
refuses "ends in neither .svg nor .png" quadratic --csv "$to" --plot "$folder/none/picture.jpg"
refuses "ends in neither .svg nor .png" quadratic --csv "$to" --plot-lr "$folder/none/picture"
refuses "lbfgs has none" quadratic --csv "$to" --optimizer lbfgs --plot-lr "$folder/none/a.svg"
# shellcheck disable=SC2086
for size in 10x10 640 0x0 axb 1e9x1e9; do
    refuses "--size=$size is not WIDTHxHEIGHT" quadratic --csv "$to" $pictured --size $size
done
# shellcheck disable=SC2086
refuses "wants 4 numbers" quadratic --csv "$to" $pictured --window 1,2
# shellcheck disable=SC2086
refuses "wants 2 numbers" xsin --csv "$to" $pictured --window 1,2,3,4
# shellcheck disable=SC2086
refuses "is empty: 1 is not below 1" quadratic --csv "$to" $pictured --window 0,1,1,1
# shellcheck disable=SC2086
refuses "'nan' is not a finite number" quadratic --csv "$to" $pictured --window 0,1,nan,1
refuses "leave --render" quadratic --csv "$to" --render
refuses ".gif, .png and .mp4" quadratic --record "$folder/none/race.txt"
refuses "--speed=0 is not" quadratic --speed 0 --record "$folder/none/race.gif"

recorded() { # recorded SAYS TEXT ARGUMENT...
    local says=$1
    printf '%b' "$2" >"$folder/given"
    shift 2
    refuses "$says" --gradients "$folder/given" --csv "$to" "$@"
    refuses "$says" --gradients "$folder/given" "$@"
}
recorded "given:3: 1 numbers instead of 2" '1,2\n3,4\n5\n'
recorded "given:2: 3 numbers instead of 2" '1,2\n3,4,5\n'
recorded "given:2: 'x' is not a finite number" '1,2\n3,x\n'
recorded "given:1: 'w0' is not a finite number" 'w0,w1\n1,2\n'
recorded "given:2: 'nan' is not a finite number" '1,2\nnan,4\n'
recorded "given:1: '1e999' is not a finite number" '1e999,2\n3,4\n'
recorded "given:2: 1 numbers instead of 2" '1,2\n\n3,4\n'
recorded "given:2: '' is not a finite number" '1,2\n3,\n'
recorded "given is empty" ''
recorded "given is empty" '\n\n'
recorded "not a text file" '1,2\n\0\n'
recorded "has 1 rows of gradients, fewer than the 3 steps asked for" '1,2\n3,4\n' --steps 3
recorded "lbfgs compares values of the function: it cannot work with recorded gradients" '1,2\n3,4\n' --optimizer adam,lbfgs
recorded "--plot needs a function" '1,2\n3,4\n' --plot "$folder/none/a.svg"
recorded "--start needs a function" '1,2\n3,4\n' --start 1,2
recorded "leave quadratic out" '1,2\n3,4\n' quadratic
check_exit 1 "a file that is not there" optim --gradients "$folder/nothing"
check_says "$folder/nothing: No such file"
check_exit 1 "a folder that is not there" optim quadratic --csv "$folder/nothing/rows.csv" --quiet
check_exit 1 "nor for a picture" optim quadratic --csv /dev/null --plot "$folder/nothing/picture.svg" --quiet

# Where numbers end, loops must too.
check "a chart up to the largest number" timeout 20 "$BELLMAN" optim ackley --optimizer rmsprop,adam:lr=1e300 --steps 50 --quiet \
    --plot-lr "$folder/largest.svg"
check "newton where curvature is too small for a number" timeout 20 "$BELLMAN" optim '1e-306*x*y' --optimizer newton --quiet --csv "$folder/small.csv"
check_exit 2 "newton with too many coordinates" "$BELLMAN" optim sphere:dims=5000 --optimizer newton
check_says "at most 1000 coordinates"
check_exit 2 "two files of one name" "$BELLMAN" optim quadratic --csv "$folder/one.svg" --plot "$folder/one.svg"
check_exit 1 "a folder in place of a file" "$BELLMAN" optim quadratic --csv "$folder"
finish
