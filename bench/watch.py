"""What watching costs: watch.py BELLMAN. Needs Xvfb and xdotool; everything on one machine, in one run.

window     share of a core that `watch` takes at 60 frames a second, 600x400
response   milliseconds from a key to another picture on the screen, while training runs flat out
training   steps per second with the window, as a share of those without, alternating
terminal   bytes a second and share of a core at 120x40 characters
"""
import fcntl
import json
import mmap
import os
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

bellman = os.path.abspath(sys.argv[1])
work = tempfile.TemporaryDirectory()
os.chdir(work.name)


def run(*arguments):
    result = subprocess.run([bellman, *arguments], check=True, capture_output=True, text=True)
    return json.loads(result.stdout.splitlines()[-1])


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share_of_core(pid, seconds):
    before, start = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - start)


def display():
    os.mkdir("screen")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-fbdir", "screen"],
        pass_fds=[write], stderr=subprocess.DEVNULL)
    os.environ["DISPLAY"] = ":" + os.read(read, 16).decode().strip()
    return server


def screen():
    file = open("screen/Xvfb_screen0", "rb")
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def key(name):
    subprocess.run(["xdotool", "key", name], check=True)


def measure_window(run_folder):
    for env in (run_folder, "GridWorld-v0"):
        shown = subprocess.Popen([bellman, "watch", env, "--size", "600x400"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        time.sleep(1)
        print(f"window     {share_of_core(shown.pid, 5):6.1%} of a core, 60 frames/s at 600x400, {os.path.basename(env)}")
        shown.terminate()
        shown.wait()


def measure_response():
    """A key (h: help) until the first changed byte in the middle of the window, which otherwise stands still (paused)."""
    training = subprocess.Popen(
        [bellman, "train", "dqn", "CartPole-v1", "--steps", "100000000", "--render", "--runs", "long"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    key("space")
    time.sleep(0.3)
    pixels = screen()
    header = struct.unpack(">25I", pixels[:100])
    start = header[0] + 12 * header[19]
    row = start + 450 * header[12]  # through the list of keys, left of the curves
    middle = slice(row + 4 * 630, row + 4 * 700)
    waits = []
    for _ in range(40):
        before = pixels[middle]
        pressed = time.monotonic()
        key("h")  # counts xdotool's own start too
        while pixels[middle] == before:
            if time.monotonic() - pressed > 2:
                sys.exit("the key h did not change the picture")
        waits.append(1000 * (time.monotonic() - pressed))
        time.sleep(0.05 + 0.013 * len(waits) % 0.05)
    training.terminate()
    training.wait()
    print(f"response   {statistics.median(waits):.0f} ms median, {max(waits):.0f} ms worst of {len(waits)}, "
          f"xdotool's own start included")


def measure_training():
    speeds = {"window": [], "none": []}
    for pair in range(8):
        ways = [("none", []), ("window", ["--render"])]
        for way, more in ways if pair % 2 else reversed(ways):
            environment = ["train", "dqn", "CartPole-v1", "--steps", "200000", "--json", "--quiet", "--runs", "speed"]
            speeds[way].append(run(*environment, *more)["steps_per_second"])
    shares = [w / n for w, n in zip(speeds["window"], speeds["none"])]
    print(f"training   {statistics.median(speeds['window']):,.0f} steps/s with the window, "
          f"{statistics.median(speeds['none']):,.0f} without: {statistics.median(shares):.1%} (median of {len(shares)} pairs)")


def measure_terminal(env, colors):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM=colors)
        os.execv(bellman, [bellman, "watch", env, "--terminal"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seconds, total, frames = 10, 0, 0
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:  # the first picture
        os.read(terminal, 1 << 16)
    before, start = cpu_seconds(pid), time.monotonic()
    while time.monotonic() < start + seconds:
        chunk = os.read(terminal, 1 << 16)
        total += len(chunk)
        frames += chunk.count(b"\x1b[?2026h") or 1
    elapsed = time.monotonic() - start
    share = (cpu_seconds(pid) - before) / elapsed
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)
    print(f"terminal   {total / elapsed / 1000:5.1f} kB/s, {frames / elapsed:4.1f} frames/s, {share:6.1%} of a core, 120x40, "
          f"{colors or '256 colours'}, {os.path.basename(env)}")


trained = run("train", "dqn", "CartPole-v1", "--seed", "1", "--runs", "trained", "--json", "--quiet")["run"]
for what in (trained, "GridWorld-v0"):
    for depth in ("truecolor", ""):
        measure_terminal(what, depth)
server = display()
try:
    measure_window(trained)
    measure_response()
    measure_training()
finally:
    server.terminate()
