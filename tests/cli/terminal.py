"""A person at a terminal of 120 x 40: terminal.py KEYS COMMAND... waits until the command has drawn, types KEYS (separated by commas;
KEY=TEXT waits until TEXT is seen after it), reads to the end, and prints what came after the screen was given back. The exit status
is the command's."""
import fcntl, os, pty, select, struct, sys, termios, time

keys, command = sys.argv[1].split(","), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
seen = b""


def read(seconds):
    global seen
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                chunk = os.read(terminal, 1 << 16)
            except OSError:
                return
            if not chunk:
                return
            seen += chunk


def wait_for(text):
    for _ in range(200):
        if text in seen:
            return
        read(0.05)
    sys.exit(f"never saw {text}")


wait_for("▀".encode())
for key in keys:
    wanted = None
    if "=" in key:
        key, wanted = key.split("=", 1)
    seen = b""
    os.write(terminal, key.encode().decode("unicode_escape").encode())
    if wanted:
        wait_for(wanted.encode())
read(20)
if b"\x1b[?1049l" not in seen:
    sys.exit("the screen was not given back")
sys.stdout.write(seen[seen.rindex(b"\x1b[?1049l"):].decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
