# bellman tune's live table keeps within narrow and low terminals: no line is longer than the terminal is wide, and there are never more
# lines than it is high, so that drawing over them works.
. tests/cli/lib.sh

# look COLUMNS ROWS: the longest line of the live table, the most lines that were drawn over, and how often
cat >"$folder/look.py" <<'PYTHON'
import fcntl, os, pty, re, struct, sys, termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
inside, outside = pty.openpty()
fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
child = os.fork()
if child == 0:
    os.dup2(outside, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(command[0], command)
os.close(outside)
seen = b""
while True:
    try:
        chunk = os.read(inside, 1 << 16)
    except OSError:  # its last writer is gone
        break
    seen += chunk
text = seen.decode().replace("\r\n", "\n")
over = [int(n) for n in re.findall(r"\x1b\[(\d+)A", text)]
lines = re.sub(r"\x1b\[\d*[A-Z]", "", text).split("\n")
print(max(map(len, lines)), max(over), len(over) > 1, "best so far" in text and re.search(r"trial \d+ +\d+ %", text) is not None)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PYTHON
for columns in 40 60 200; do
    for rows in 6 30; do
        check_into "$folder/seen" "a study on a terminal of $columns columns and $rows rows" python3 "$folder/look.py" $columns $rows \
            "$BELLMAN" tune optim:rosenbrock --steps 200 --folds 2 --trials 16 --jobs 3 --pruner none --finalists 0 \
            --storage "$folder/$columns-$rows.db" --study 'späte Übung'
        read -r longest most redrawn told <"$folder/seen"
        check "no line is longer than $columns" [ "$longest" -lt $columns ]
        check "no more than $rows rows are drawn over" [ "$most" -lt $rows ]
        check_same "it is drawn again and again, with the best and those that run" "True True" "$redrawn $told"
    done
done

finish
