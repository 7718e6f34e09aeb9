# bellman tune --report: a page that is whole and says what the store knows, from a study just run and from a store alone.
. tests/cli/lib.sh

store=$folder/tune.db
page=$folder/study.html

# facts PAGE WHAT: what a reader sees of it. The page must be well formed, and need nothing from elsewhere.
cat >"$folder/facts.py" <<'PYTHON'
import html.parser, re, sys

VOID = {"meta", "br"}

class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.cells, self.headings, self.pre, self.wrong = [], [], None, [], [], []
        self.counts = {}

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag == "script" or any(name in ("src", "href") for name, _ in attributes):
            self.wrong.append(tag)
        for name, value in attributes:
            if re.search(r"\b(nan|inf)\b", value or "") and name != "class":
                self.wrong.append(f"{tag} {name}={value}")
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells = [dict(attributes).get("class", "")]
        if tag in ("td", "th") and self.cells is not None:
            self.cells.append("")
        if tag in ("h2", "pre"):
            (self.headings if tag == "h2" else self.pre).append("")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("/" + tag)
        if tag == "tr":
            self.rows.append(self.cells)
            self.cells = None

    def handle_data(self, text):
        if "h2" in self.open:
            self.headings[-1] += text
        if "pre" in self.open:
            self.pre[-1] += text
        if self.cells and len(self.cells) > 1 and self.open[-1] in ("td", "th", "span"):
            self.cells[-1] += text

reader = Reader()
text = open(sys.argv[1], encoding="utf-8").read()
reader.feed(text)
reader.close()
what = sys.argv[2]
if what == "whole":
    sys.exit(bool(reader.wrong or reader.open or "http" in text.replace(' xmlns="http://www.w3.org/2000/svg"', "") or "@import" in text) and
             f"{reader.wrong} {reader.open}")
if what == "headings":
    print(", ".join(reader.headings))
if what == "states":
    states = [row[2] for row in reader.rows if len(row) > 4]
    print(*(f"{name}:{states.count(name)}" for name in ("complete", "pruned", "failed")))
if what == "values":
    print(*(row[3] for row in reader.rows if len(row) > 4 and row[2] == "complete"))
if what == "chosen":
    print(*(row[1] for row in reader.rows if row[0] == "chosen"))
if what == "importance":
    print(abs(sum(float(row[3].rstrip(" %")) for row in reader.rows if row[-1].endswith(" %")) - 100) < 2)  # rounded
if what == "first":
    print([row[1] for row in reader.rows if row[-1].endswith(" %")][0])
if what in ("command", "preset"):
    print(reader.pre[what == "preset"])
PYTHON
facts() {
    python3 "$folder/facts.py" "$@"
}

# ---- a function

check_into "$folder/json" "a study with a report" "$BELLMAN" tune optim:rosenbrock --optimizer adam --steps 60 --trials 40 --jobs 2 \
    --storage "$store" --validations 2 --tests 3 --report "$page" --json
check "the page is whole" facts "$page" whole
check_same "its sections" "Best configuration, Finalists, History, Importance of parameters, One parameter at a time, \
The two most important numbers, All parameters together, Values on the way, Trials" "$(facts "$page" headings)"
check_same "every trial is in the table" "complete:$(json "$folder/json" complete) pruned:$(json "$folder/json" pruned) failed:0" \
    "$(facts "$page" states)"
check_same "the best first" "$(printf '%.5g' "$(json "$folder/json" best_value)")" "$(facts "$page" values | cut -d' ' -f1)"
chosen=$(json "$folder/json" test trial)
check_same "the tested one is marked among finalists and trials" "$chosen $chosen" "$(facts "$page" chosen)"
check_same "importances are shares of one whole" True "$(facts "$page" importance)"
check_same "what decides most is the learning rate" lr "$(facts "$page" first)"

facts "$page" command | tr -d '\\\n' >"$folder/command"
check "the command of the best configuration runs" sh -c "$(sed "s|^bellman|$BELLMAN|" "$folder/command") --csv $folder/path.csv"
check_same "it carries the chosen learning rate" True "$(python3 -c 'import json, re, sys
rate = float(re.search(r"--lr (\S+)", open(sys.argv[1]).read()).group(1))
want = json.loads(open(sys.argv[2]).read().splitlines()[-1])["chosen_params"]["lr"]
print(abs(rate - want) < 1e-14 * want)  # the JSON may lack the last digit' "$folder/command" "$folder/json")"

cp "$page" "$folder/first.html"
check "the same from the store alone" "$BELLMAN" tune --show "$store" --report "$page"
check "is the same page" cmp "$page" "$folder/first.html"

# ---- training, a parameter that exists only where another has a value, a setting given

check "a study that trains" "$BELLMAN" tune reinforce CartPole-v1 --steps 1000 --eval-episodes 3 --trials 12 --folds 1 --jobs 2 --pruner none \
    --gamma 0.97 --space 'learning_rate=log(1e-4,1e-1), lr_schedule={constant,cosine}' --finalists 0 --storage "$store" \
    --study 'a<b' --quiet
check "its report" "$BELLMAN" tune --show "$store" --study 'a<b' --report "$page"
check "is whole, whatever the study is called" facts "$page" whole
check_same "no finalists, so no such section, and no map of one number" "Best configuration, History, Importance of parameters, \
One parameter at a time, All parameters together, Values on the way, Trials" "$(facts "$page" headings)"
facts "$page" command | tr -d '\\\n' >"$folder/command"
check "the command carries what the study was given" grep -q -- '--gamma 0.97 .*--learning-rate' "$folder/command"
check "and trains" sh -c "$(sed "s|^bellman|$BELLMAN|" "$folder/command") --runs $folder/runs --quiet"
facts "$page" preset >"$folder/preset.yaml"
check "the preset trains too" "$BELLMAN" train reinforce CartPole-v1 --config "$folder/preset.yaml" --runs "$folder/runs" --quiet

# ---- a conditional parameter, by hand in the store: trials that fail, say why, and are beside the others

check "a study with a condition" "$BELLMAN" tune optim:sphere --optimizer sgd --steps 20 --trials 30 --pruner none --finalists 0 --lr 0.01 \
    --space 'nesterov={false,true}, momentum=uniform(0,0.9) if nesterov={true}' --storage "$folder/condition.db" --quiet --report "$page"
check "its page is whole" facts "$page" whole
python3 - "$folder/condition.db" <<'PYTHON'
import sqlite3, sys
base = sqlite3.connect(sys.argv[1])
base.execute("UPDATE trials SET state = 'FAIL' WHERE number < 3")
base.execute("DELETE FROM trial_values WHERE trial_id IN (SELECT trial_id FROM trials WHERE number < 3)")
base.execute("INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) SELECT trial_id, 'bellman:error', "
             "'\"it & <it> diverged\"' FROM trials WHERE number = 1")
base.commit()
PYTHON
check "the page of a study with failures" "$BELLMAN" tune --show "$folder/condition.db" --report "$page"
check "is whole" facts "$page" whole
check_same "they are in the table" "complete:27 pruned:0 failed:3" "$(facts "$page" states)"
check "with the reason, escaped" grep -q 'it &amp; &lt;it&gt; diverged' "$page"

# ---- bad input

check_exit 2 "several studies and none chosen" "$BELLMAN" tune --show "$store" --report "$page"
check_says "choose one with --study"
check_exit 1 "no such study" "$BELLMAN" tune --show "$store" --study other --report "$page"
check_exit 1 "no such store" "$BELLMAN" tune --show "$folder/none.db" --report "$page"
check_exit 1 "a folder that is not there, before anything is tuned" "$BELLMAN" tune optim:sphere --trials 5 --storage "$folder/new.db" \
    --report "$folder/none/page.html"
check_says "none/page.html"
check "nothing was begun" test ! -e "$folder/new.db"

finish
