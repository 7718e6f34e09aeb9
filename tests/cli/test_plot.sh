# bellman plot: which runs become one curve, numbers worked from their files, pictures that are whole, bad input.
. tests/cli/lib.sh

runs=$folder/runs
cartpole=$runs/CartPole-v1
svg=$folder/curves.svg

check "train three seeds" "$BELLMAN" train reinforce CartPole-v1 --steps 2000 --eval-episodes 5 --seeds 3 --name a --runs "$runs" --quiet
check "train with another discount" "$BELLMAN" train reinforce CartPole-v1 --steps 2000 --eval-episodes 5 --gamma 0.9 --name b \
    --runs "$runs" --quiet
check "train a second agent" "$BELLMAN" train dqn CartPole-v1 --steps 1000 --eval-episodes 5 --name c --runs "$runs" --quiet
check "train in another environment" "$BELLMAN" train dqn GridWorld-v0 --steps 1000 --eval-episodes 5 --name d --runs "$runs" --quiet

# whole FILE: well-formed XML, without what another site would have to send
whole() {
    python3 -c 'import re, sys, xml.dom.minidom
text = open(sys.argv[1], encoding="utf-8").read()
xml.dom.minidom.parseString(text)
sys.exit(re.search(r"\b(nan|inf)\b", text) is not None)' "$1"
}

# ---- one environment

check_into "$folder/json" "plot a folder of runs" "$BELLMAN" plot "$cartpole" -o "$svg" --json
check "a whole SVG" whole "$svg"
check_same "the file in the JSON" "$svg" "$(json "$folder/json" file)"
check_same "runs that differ in the seed only are one setting, named by what differs" \
    "dqn:1 reinforce gamma=0.99:3 reinforce gamma=0.9:1" "$(python3 -c 'import json, sys
print(*(s["label"] + ":" + str(s["runs"]) for s in json.load(open(sys.argv[1]))["settings"]))' "$folder/json")"
check_same "mean and deviation over runs of the last known values" True "$(python3 -c 'import csv, glob, json, statistics, sys
last = []
for path in sorted(glob.glob(sys.argv[2] + "/reinforce/a*/progress.csv")):
    last.append([float(r["rollout/ep_rew_mean"]) for r in csv.DictReader(open(path)) if r["rollout/ep_rew_mean"]][-1])
setting = json.load(open(sys.argv[1]))["settings"][1]
print(len(last) == 3 and abs(setting["final_mean"] - statistics.mean(last)) < 1e-9
      and abs(setting["final_std"] - statistics.pstdev(last)) < 1e-9)' "$folder/json" "$cartpole")"
check_same "the picture has a curve a setting" 3 "$(grep -c '<polyline.*stroke-width="2"' "$svg")"
check_same "and a band for the one of several runs" 1 "$(grep -c '<polygon' "$svg")"
check_same "the legend names the settings" 1 "$(grep -c '>reinforce gamma=0.9<' "$svg")"
check_same "the title names environment and metric" 1 "$(grep -c '>CartPole-v1: return in training' "$svg")"

cp "$svg" "$folder/first.svg"
check "the same command" "$BELLMAN" plot "$cartpole" --output "$svg" --quiet
check "writes the same picture, by either name of the flag" cmp "$svg" "$folder/first.svg"
check "a flag and its value in one word" "$BELLMAN" plot "$cartpole" "-o$svg" --quiet
check_into "$folder/json" "runs named twice count once" "$BELLMAN" plot "$cartpole/reinforce/b" "$cartpole/reinforce/b/" "$runs" -o "$svg" --json
check_same "in all" 6 "$(python3 -c 'import json, sys
print(sum(s["runs"] for s in json.load(open(sys.argv[1]))["settings"]))' "$folder/json")"
check_into "$folder/json" "runs by themselves" "$BELLMAN" plot "$cartpole"/reinforce/a* -o "$svg" --json --interval iqm --metric eval/mean_reward \
    --x seconds --smooth 3 --title 'A & <b>' --size 640x360
check_same "one setting needs no options in its name" reinforce "$(json "$folder/json" settings 0 label)"
check_same "the interquartile mean lies within its interval" True "$(python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))["settings"][0]
print(s["final_low"] <= s["final_iqm"] <= s["final_high"])' "$folder/json")"
check "a title is escaped" grep -q '>A &amp; &lt;b&gt;<' "$svg"
check "the size is as asked for" grep -q 'width="640" height="360"' "$svg"
check "seconds are named" grep -q '>seconds of training<' "$svg"

# ---- several environments, a page

page=$folder/out/page.html
mkdir -p "$folder/out" "$cartpole/dqn/c/recordings"
printf 'step,option,value\n500,learning_rate,0.0001\n' >"$cartpole/dqn/c/changes.csv"
: >"$cartpole/dqn/c/recordings/a b&<c>.gif"
: >"$cartpole/dqn/c/notes.txt"
check_into "$folder/json" "a page" "$BELLMAN" plot "$runs" -o "$page" --json
check_same "environments are named where they differ" "dqn CartPole-v1" "$(json "$folder/json" settings 0 label)"
check_same "in every label" "dqn GridWorld-v0" "$(json "$folder/json" settings 3 label)"
check "the page is one file of balanced tags that asks for nothing from elsewhere" python3 -c 'import sys
from html.parser import HTMLParser
open_tags = []
class Page(HTMLParser):
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            open_tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href") and "//" in value or tag in ("script", "link", "img", "iframe"):
                sys.exit("reaches out: " + tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        if open_tags.pop() != tag:
            sys.exit("unbalanced: " + tag)
text = open(sys.argv[1], encoding="utf-8").read()
Page().feed(text)
if open_tags or "url(" in text or "@import" in text:
    sys.exit("left open: " + " ".join(open_tags))' "$page"
check_same "a panel for each environment" 2 "$(grep -cE '>(CartPole-v1|GridWorld-v0)</text>' "$page")"
check "light and dark" grep -q 'prefers-color-scheme:dark' "$page"
check_same "the other discount is marked" 1 "$(grep -c '<td class="differs">0.9</td>' "$page")"
check "the live change is in its table" grep -q '>learning_rate</td><td>0.0001</td>' "$page"
link=$(sed -n 's/.*<a href="\([^"]*\)".*/\1/p' "$page")
check_same "recordings are linked from where the page lies" "../runs/CartPole-v1/dqn/c/recordings/a%20b%26%3Cc%3E.gif" "$link"
check_same "the link's text is escaped" 1 "$(grep -c '>recordings/a b&amp;&lt;c&gt;.gif</a>' "$page")"
check "a live change is a dashed mark" "$BELLMAN" plot "$cartpole/dqn/c" -o "$svg" --quiet
check "that the words below explain" grep -q '>Dashed: hyperparameters changed while training.<' "$svg"

# A run with live changes is a setting of its own.
check "the same run without changes" cp -r "$cartpole/dqn/c" "$cartpole/dqn/c2"
rm "$cartpole/dqn/c2/changes.csv"
check_into "$folder/json" "runs of which one was changed" "$BELLMAN" plot "$cartpole/dqn" -o "$svg" --json
check_same "are two settings" "dqn, learning_rate=0.0001 from step 500" "$(json "$folder/json" settings 0 label)"
labels() {
    python3 -c 'import json, sys
print(*(s["label"] for s in json.load(open(sys.argv[1]))["settings"]), sep="; ")' "$folder/json"
}
printf '500,gamma,0.9\n' >>"$cartpole/dqn/c/changes.csv"
printf 'step,option,value\n500,learning_rate,0.0001\n600,gamma,0.9\n' >"$cartpole/dqn/c2/changes.csv"
check_into "$folder/json" "settings that words name alike" "$BELLMAN" plot "$cartpole/dqn" -o "$svg" --json
check_same "say which runs they are" "dqn, 2 live changes (run c); dqn, 2 live changes (run c2)" "$(labels)"
check "so does the legend" grep -q '>dqn, 2 live changes (run c2)<' "$svg"
mkdir "$folder/other"
check "a run of the same name elsewhere" mv "$cartpole/dqn/c2" "$folder/other/c"
check_into "$folder/json" "settings whose runs have the same name" "$BELLMAN" plot "$cartpole/dqn/c" "$folder/other/c" -o "$svg" --json
check_same "say their folders" \
    "dqn, 2 live changes (run $folder/other/c); dqn, 2 live changes (run $cartpole/dqn/c)" "$(labels)"
check "back again" mv "$folder/other/c" "$cartpole/dqn/c2"

# ---- a title, a moving mean, decimals: of runs whose numbers are written here

# made NAME ROW...: a run with these rows of progress.csv, and the last checkpoint of another
made() {
    local name=$1
    shift
    check "a run called $name" cp -r "$cartpole/reinforce/b" "$folder/made/$name"
    rm "$folder/made/$name/result.json"
    printf '%s\n' step,seconds,eval/mean_reward "$@" >"$folder/made/$name/progress.csv"
}
mkdir "$folder/made"
made one 1,1,0 2,2,8 3,3,0 4,4,0 5,5,4 6,6,8
smoothed() { # smoothed N: heights of the curve, the lowest as 0 and the highest as 1
    check "a moving mean over $1" "$BELLMAN" plot "$folder/made/one" -o "$svg" --metric eval/mean_reward --smooth "$1" --quiet
    heights=$(python3 -c 'import re, sys
curve = re.search(r"<polyline[^>]* points=\"([^\"]*)\"[^>]*stroke-width=\"2\"|<polyline[^>]*stroke-width=\"2\"[^>]* points=\"([^\"]*)\"",
                  open(sys.argv[1]).read())
numbers = [float(n) for n in re.findall(r"[-\d.]+", curve[1] or curve[2])]
y = [max(numbers[1::2]) - n for n in numbers[1::2]]
print(*("%.3f" % (n / max(y)) for n in y))' "$svg")
}
smoothed 2 # 0 (0+8)/2 (8+0)/2 (0+0)/2 (0+4)/2 (4+8)/2, over 6
check_same "over two rows" "0.000 0.667 0.667 0.000 0.333 1.000" "$heights"
smoothed 3 # 0 8/3 8/3 4/3 12/3 8, over 8
check_same "over three rows" "0.000 0.333 0.333 0.167 0.500 1.000" "$heights"
smoothed 4 # 0 8/3 (0+8+0+0)/4 (8+0+0+4)/4 (0+0+4+8)/4 8, over 8
check_same "over four rows, at the ends over fewer" "0.000 0.333 0.250 0.375 0.375 1.000" "$heights"
check "the words below tell" grep -q '>Smoothed: moving mean over 4 rows.<' "$svg"
check "a title" "$BELLMAN" plot "$folder/made/one" -o "$svg" --metric eval/mean_reward --title Mine --quiet
check "stands above" grep -q '>Mine<' "$svg"
check "and what the curve is below it" grep -q '>CartPole-v1: return in evaluations<' "$svg"
check_same "nothing is smoothed unasked" 0 "$(grep -c 'moving mean' "$svg")"
check "a title over several environments" "$BELLMAN" plot "$runs" -o "$svg" --title Mine --quiet
check "leaves the metric too" grep -q '>return in training, mean of the last 100 episodes<' "$svg"
check "a page with a title" "$BELLMAN" plot "$folder/made" -o "$page" --metric eval/mean_reward --title Mine --quiet
check "says what its curves are" grep -q '· return in evaluations · metric <code>eval/mean_reward' "$page"

spread_of() { # spread_of A B: what the page says of two runs with these final evaluations
    rm -rf "$folder/made/one" "$folder/made/two"
    made one "1,1,$1"
    made two "1,1,$2"
    check "a page of $1 and $2" "$BELLMAN" plot "$folder/made" -o "$page" --metric eval/mean_reward --quiet
    spread=$(sed -n 's/.*<td class="n">2<\/td><td class="n">\([^<]*\)<\/td>.*/\1/p' "$page")
}
spread_of 53.833 141.033
check_same "decimals from the spread" "97.4 ± 43.6" "$spread"
spread_of 0.850123 0.864123
check_same "of less than one" "0.857 ± 0.007" "$spread"
spread_of 0.8571 0.8599
check_same "two digits of a small one" "0.8585 ± 0.0014" "$spread"
spread_of -1600.25 -1200.5
check_same "none where hundreds lie between" "-1400 ± 200" "$spread"
spread_of 500 500
check_same "without spread" "500 ± 0" "$spread"

# ---- PNG, where the render module has it

check_png() {
    check "$1" python3 -c 'import struct, sys
data = open(sys.argv[1], "rb").read()
sys.exit(data[:8] != b"\x89PNG\r\n\x1a\n" or struct.unpack(">II", data[16:24]) != (400, 300))' "$folder/p.png"
}
if "$BELLMAN" plot "$cartpole" -o "$folder/p.png" --size 400x300 --quiet 2>"$folder/.err"; then
    check_png "a PNG of the size asked for"
else
    check_exit 1 "without libpng that is told" "$BELLMAN" plot "$cartpole" -o "$folder/p.png"
fi

# ---- bad input

check_exit 2 "no runs" "$BELLMAN" plot -o "$svg"
check_exit 2 "nowhere to write" "$BELLMAN" plot "$cartpole"
check_says "-o FILE.svg"
check_exit 2 "an unknown ending" "$BELLMAN" plot "$cartpole" -o "$folder/curves.jpg"
check_says ".svg, .png or .html"
check_exit 2 "no ending" "$BELLMAN" plot "$cartpole" -o curves
check_exit 2 "no value" "$BELLMAN" plot "$cartpole" -o
check_exit 2 "an unknown letter" "$BELLMAN" plot "$cartpole" -q -o "$svg"
check_exit 2 "a misspelt metric" "$BELLMAN" plot "$cartpole" -o "$svg" --metric eval/mean_rewrd
check_says "did you mean eval/mean_reward"
check_exit 2 "a metric that there is not" "$BELLMAN" plot "$cartpole" -o "$svg" --metric x
check_says "rollout/ep_rew_mean"
check_exit 2 "an interval that there is not" "$BELLMAN" plot "$cartpole" -o "$svg" --interval iqn
check_says "did you mean iqm?"
check_exit 2 "x that there is not" "$BELLMAN" plot "$cartpole" -o "$svg" --x days
for size in 10 0x0 640x 640x360x2 axb 1e9x1e9; do
    check_exit 2 "size $size" "$BELLMAN" plot "$cartpole" -o "$svg" --size $size
done
check_exit 1 "a folder that is not there" "$BELLMAN" plot "$folder/nothing" -o "$svg"
check_exit 1 "a folder without runs" "$BELLMAN" plot "$folder/out" -o "$svg"
check_exit 1 "a file that cannot be written" "$BELLMAN" plot "$cartpole" -o "$folder/nothing/curves.svg"
check_exit 1 "no program that shows it" env PATH=/nonexistent "$(command -v "$BELLMAN")" plot "$cartpole" -o "$svg" --open
check_says "xdg-open"

# What is damaged is left out and told; alone, it is an error.
b=$cartpole/reinforce/b
printf '123,4' >>"$b/progress.csv"
check "a half-written last line" "$BELLMAN" plot "$b" -o "$svg" --quiet
printf '\n' >>"$b/progress.csv"
check_exit 1 "a damaged line" "$BELLMAN" plot "$b" -o "$svg"
check_says "progress.csv is damaged: line"
check_exit 0 "with others it is left out" "$BELLMAN" plot "$cartpole" -o "$svg" --quiet
check_says "left out $b"
rm "$b/progress.csv"
check_exit 1 "no progress" "$BELLMAN" plot "$b" -o "$svg"
rm "$cartpole/dqn/c/checkpoint/last.safetensors"
check_exit 1 "no checkpoint" "$BELLMAN" plot "$cartpole/dqn/c" -o "$svg"
check_says "the run $cartpole/dqn/c is damaged: "
check_exit 0 "with others that is left out too" "$BELLMAN" plot "$cartpole/dqn" -o "$svg" --quiet
check_says "left out $cartpole/dqn/c: damaged: "
printf 'step,option\n' >"$cartpole/dqn/c2/changes.csv"
check_exit 1 "damaged changes" "$BELLMAN" plot "$cartpole/dqn/c2" -o "$svg"
check_says "changes.csv"
head -n 1 "$cartpole/reinforce/a-seed1/progress.csv" >"$folder/head"
mv "$folder/head" "$cartpole/reinforce/a-seed1/progress.csv"
check_exit 1 "a run that has just begun" "$BELLMAN" plot "$cartpole/reinforce/a-seed1" -o "$svg"
check_says "nothing is known yet of rollout/ep_rew_mean"
finish
