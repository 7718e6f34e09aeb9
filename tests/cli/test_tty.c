/* The user's terminal, played by a pseudo terminal: a child process has it as standard input and output, the test is
 * the person and the screen. The child tells what it sees through a pipe, words ended by a semicolon. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "cli/tty.c"

#include <sys/wait.h>

#include "cli/signals.c"
#include "support.h"

enum { PATIENCE_MS = 20000 };

typedef struct {
    int master, slave; /* the screen's side; the child's side, kept to look at its settings */
    int report;        /* the pipe's reading end */
    pid_t child;
    struct termios usual;
    char screen[8192]; /* what was written last */
    size_t screen_used;
} person;

typedef void scenario(int report);

static void tell(int report, const char *word) {
    char line[64];
    const int bytes = snprintf(line, sizeof line, "%s;", word);
    if (write(report, line, (size_t)bytes) != bytes) {
        _exit(99);
    }
}

static void open_and_tell(int report) {
    bm_error error;
    if (bm_tty_open(&error) != BM_OK) {
        tell(report, error.text);
        _exit(98);
    }
    tell(report, "open");
}

static person begin(scenario *play) {
    person p = {.master = posix_openpt(O_RDWR | O_NOCTTY)};
    int ends[2];
    ck_assert_int_ge(p.master, 0);
    ck_assert_int_eq(grantpt(p.master) | unlockpt(p.master) | pipe(ends), 0);
    char name[128];
    snprintf(name, sizeof name, "%s", ptsname(p.master));
    p.slave = open(name, O_RDWR | O_NOCTTY);
    ck_assert_int_ge(p.slave, 0);
    ck_assert_int_eq(tcgetattr(p.slave, &p.usual), 0);
    const struct winsize size = {.ws_col = 100, .ws_row = 30};
    ck_assert_int_eq(ioctl(p.master, TIOCSWINSZ, &size), 0);
    setenv("TERM", "xterm-256color", 1);
    p.child = fork();
    ck_assert_int_ge(p.child, 0);
    if (p.child == 0) {
        static const int usual[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
        for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
            signal(usual[i], SIG_DFL); /* who runs the tests in the background ignores some */
        }
        setsid();
        const int terminal = open(name, O_RDWR); /* the controlling one */
        dup2(terminal, STDIN_FILENO);
        dup2(terminal, STDOUT_FILENO);
        close(terminal);
        close(p.master);
        close(p.slave);
        close(ends[0]);
        play(ends[1]);
        _exit(0);
    }
    close(ends[1]);
    p.report = ends[0];
    return p;
}

/* Reads what the child wrote; only its end is kept. */
static void look(person *p) {
    if (p->screen_used > sizeof p->screen / 2) {
        const size_t kept = sizeof p->screen / 4;
        memmove(p->screen, p->screen + p->screen_used - kept, kept);
        p->screen_used = kept;
    }
    const ssize_t got = read(p->master, p->screen + p->screen_used, sizeof p->screen / 2 - 1);
    ck_assert_int_ge(got, 0);
    p->screen_used += (size_t)got;
    p->screen[p->screen_used] = '\0';
}

/* What the child tells next. Its output is read meanwhile, so that it never waits for the screen. */
static const char *hear(person *p, char word[64]) {
    for (size_t used = 0;;) {
        struct pollfd pollers[2] = {{.fd = p->report, .events = POLLIN}, {.fd = p->master, .events = POLLIN}};
        ck_assert_msg(poll(pollers, 2, PATIENCE_MS) > 0, "the child is silent");
        if (pollers[1].revents & POLLIN) {
            look(p);
        }
        if (pollers[0].revents) {
            ck_assert_msg(read(p->report, word + used, 1) == 1, "the child has gone");
            if (word[used] == ';') {
                word[used] = '\0';
                return word;
            }
            ck_assert_uint_lt(++used, 63);
        }
    }
}

static void expect(person *p, const char *wanted) {
    char word[64];
    ck_assert_str_eq(hear(p, word), wanted);
}

static void type(const person *p, const char *bytes) {
    ck_assert_int_eq(write(p->master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

static struct termios settings(const person *p) {
    struct termios now;
    ck_assert_int_eq(tcgetattr(p->slave, &now), 0);
    return now;
}

/* Once the child has ended; returns its status. */
static int finish(person *p) {
    int status;
    ck_assert_int_eq(waitpid(p->child, &status, 0), p->child);
    for (struct pollfd poller = {.fd = p->master, .events = POLLIN}; poll(&poller, 1, 0) > 0;) {
        look(p);
    }
    close(p->master);
    close(p->slave);
    close(p->report);
    return status;
}

/* The child ends by itself; its terminal is as it was. */
static int finish_restored(person *p) {
    ck_assert_int_eq(waitid(P_PID, (id_t)p->child, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
    const struct termios now = settings(p);
    ck_assert_uint_eq(now.c_lflag, p->usual.c_lflag);
    ck_assert_uint_eq(now.c_iflag, p->usual.c_iflag);
    ck_assert_uint_eq(now.c_oflag, p->usual.c_oflag);
    ck_assert_mem_eq(now.c_cc, p->usual.c_cc, sizeof now.c_cc);
    const int status = finish(p);
    const size_t leave_bytes = strlen(bm_terminal_leave);
    ck_assert_uint_ge(p->screen_used, leave_bytes);
    ck_assert_str_eq(p->screen + p->screen_used - leave_bytes, bm_terminal_leave);
    return status;
}

/* ---- scenarios of the child ---- */

/* Tells every event until "q". */
static void tell_events(int report) {
    const atomic_int *signal_flag = bm_cli_catch_signals();
    open_and_tell(report);
    for (int told = 0;;) {
        bm_event event;
        if (atomic_load(signal_flag) != told) {
            told = atomic_load(signal_flag);
            tell(report, told == SIGINT ? "SIGINT" : "SIGTERM");
        }
        if (!bm_tty_event(1000, &event)) {
            continue;
        }
        if (event.kind == BM_EVENT_REDRAW) {
            char size[64];
            int columns, rows;
            bm_tty_size(&columns, &rows);
            snprintf(size, sizeof size, "redraw %d x %d", columns, rows);
            tell(report, size);
        } else if (event.kind == BM_EVENT_CLOSE) {
            tell(report, "close");
            return;
        } else if (strcmp(event.key, "q") == 0) {
            bm_tty_close();
            tell(report, "closed");
            return;
        } else {
            tell(report, event.down && !event.repeat ? event.key : "up");
        }
    }
}

static void end_by_exit(int report) {
    open_and_tell(report);
    exit(3);
}

static void ignore_hangup(int report) {
    signal(SIGHUP, SIG_IGN);
    tell_events(report);
}

/* More than a pseudo terminal holds, of numbered lines. */
enum { FRAME_LINES = 20000 };

static void flood(int report) {
    static char frame[FRAME_LINES * 8 + 1];
    for (int i = 0; i < FRAME_LINES; i++) {
        snprintf(frame + i * 8, 9, "%07d,", i);
    }
    open_and_tell(report);
    bool ready = bm_tty_ready(PATIENCE_MS);
    bm_tty_write(frame, sizeof frame - 1);
    tell(report, ready && !bm_tty_ready(0) ? "not ready" : "ready");
    for (bm_event event; !(bm_tty_event(0, &event) && strcmp(event.key, "g") == 0);) {
        poll(NULL, 0, 5);
    }
    while (!bm_tty_ready(10)) {
    }
    tell(report, "ready again");
    bm_tty_close();
}

/* A shell in small: a job of its own, in the foreground, is told of when it stops, and goes on. */
static void shell(int report) {
    const pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        while (tcgetpgrp(STDIN_FILENO) != getpid()) {
            poll(NULL, 0, 1);
        }
        tell_events(report);
        _exit(0);
    }
    setpgid(job, job);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, job);
    for (int status; waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status);) {
        struct termios now;
        tcgetattr(STDIN_FILENO, &now);
        tell(report, now.c_lflag & ICANON && now.c_lflag & ECHO ? "stopped, restored" : "stopped, raw");
        kill(-job, SIGCONT);
    }
}

/* ---- tests ---- */

START_TEST(keys_have_their_names) {
    static const char *const keys[][2] = {
        {"h", "h"},
        {"H", "h"},
        {"+", "+"},
        {".", "."},
        {"é", "é"},
        {"→", "→"},
        {" ", "space"},
        {"\r", "return"},
        {"\n", "return"},
        {"\t", "tab"},
        {"\x7f", "backspace"},
        {"\b", "backspace"},
        {"\033[A", "up"},
        {"\033[B", "down"},
        {"\033[C", "right"},
        {"\033[D", "left"},
        {"\033OA", "up"},
        {"\033OD", "left"},
        {"\033[1;5C", "right"},
        {"\033[H", "home"},
        {"\033[F", "end"},
        {"\033OH", "home"},
        {"\033[1~", "home"},
        {"\033[4~", "end"},
        {"\033[7~", "home"},
        {"\033[8~", "end"},
        {"\033[5~", "pageup"},
        {"\033[6~", "pagedown"},
        {"\033OP", "f1"},
        {"\033OS", "f4"},
        {"\033[11~", "f1"},
        {"\033[[A", "f1"},
        {"\033[[E", "f5"},
        {"\033[15~", "f5"},
        {"\033[17~", "f6"},
        {"\033[21~", "f10"},
        {"\033[23~", "f11"},
        {"\033[24~", "f12"},
        {"\033[24;2~", "f12"},
        {"\033", "escape"},
        {"\033[200~a", "a"},
        {"\033[?1;2cb", "b"},
        {"\033[99999999999999999999~c", "c"}, /* unknown sequences */
        {"\001\002d", "d"},
        {"\xff\xc3"
         "e",
         "e"}, /* what is no key */
    };
    person p = begin(tell_events);
    expect(&p, "open");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        type(&p, keys[i][0]);
        expect(&p, keys[i][1]);
    }
    type(&p, "ab\033[A\033\033x"); /* many at once */
    static const char *const wanted[] = {"a", "b", "up", "escape", "escape", "x"};
    for (size_t i = 0; i < 6; i++) {
        expect(&p, wanted[i]);
    }
    for (int i = 0; i < 40; i++) { /* more than the buffer holds, cut anywhere */
        type(&p, "\033[5~\033OA");
    }
    for (int i = 0; i < 40; i++) {
        expect(&p, "pageup");
        expect(&p, "up");
    }
    type(&p, "q");
    expect(&p, "closed");
    finish(&p);
}
END_TEST

START_TEST(close_leaves_the_terminal_as_it_was) {
    person p = begin(tell_events);
    expect(&p, "open");
    ck_assert_uint_eq(settings(&p).c_lflag & (ICANON | ECHO | ISIG), ISIG);
    type(&p, "q");
    expect(&p, "closed");
    ck_assert_int_eq(finish_restored(&p), 0);
}
END_TEST

START_TEST(exit_leaves_the_terminal_as_it_was) {
    person p = begin(end_by_exit);
    expect(&p, "open");
    const int status = finish_restored(&p);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}
END_TEST

START_TEST(signals_nobody_handles_leave_the_terminal_as_it_was) {
    static const int numbers[] = {SIGHUP, SIGQUIT};
    for (int i = 0; i < 2; i++) {
        person p = begin(tell_events);
        expect(&p, "open");
        kill(p.child, numbers[i]);
        const int status = finish_restored(&p);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
    }
}
END_TEST

START_TEST(the_first_ctrl_c_is_told_and_the_second_ends_the_program) {
    person p = begin(tell_events);
    expect(&p, "open");
    type(&p, "\003");
    expect(&p, "SIGINT");
    ck_assert_uint_eq(settings(&p).c_lflag & ICANON, 0);
    type(&p, "a"); /* still there */
    expect(&p, "a");
    type(&p, "\003");
    const int status = finish_restored(&p);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}
END_TEST

START_TEST(another_size_asks_for_a_new_picture) {
    person p = begin(tell_events);
    expect(&p, "open");
    const struct winsize size = {.ws_col = 132, .ws_row = 43};
    ck_assert_int_eq(ioctl(p.master, TIOCSWINSZ, &size), 0);
    expect(&p, "redraw 132 x 43");
    type(&p, "q");
    expect(&p, "closed");
    finish(&p);
}
END_TEST

START_TEST(ctrl_z_stops_with_the_terminal_restored_and_goes_on_with_a_new_picture) {
    person p = begin(shell);
    expect(&p, "open");
    for (int i = 0; i < 3; i++) {
        type(&p, "\032");
        expect(&p, "stopped, restored");
        expect(&p, "redraw 100 x 30");
        ck_assert_uint_eq(settings(&p).c_lflag & ICANON, 0);
        type(&p, "a");
        expect(&p, "a");
    }
    type(&p, "q");
    expect(&p, "closed");
    finish(&p);
}
END_TEST

START_TEST(a_terminal_that_goes_away_is_told) {
    person p = begin(ignore_hangup);
    expect(&p, "open");
    close(p.slave);
    close(p.master);
    p.master = p.slave = -1;
    char word[64];
    while (strncmp(hear(&p, word), "redraw", 6) == 0) { /* a hang-up also continues those who are stopped */
    }
    ck_assert_str_eq(word, "close");
    int status;
    ck_assert_int_eq(waitpid(p.child, &status, 0), p.child);
    close(p.report);
}
END_TEST

START_TEST(a_slow_terminal_gets_every_byte_in_order_and_nobody_waits) {
    person p = begin(flood);
    char word[64] = "";
    for (size_t used = 0; strcmp(word, "open;not ready;") != 0;) { /* without reading the screen */
        ck_assert_int_eq(read(p.report, word + used, 1), 1);
        word[++used] = '\0';
        ck_assert_uint_lt(used, 60);
    }
    type(&p, "g");
    size_t used = 0, wanted = strlen(bm_terminal_enter) + FRAME_LINES * 8;
    char *screen = calloc(1, wanted + 1);
    ck_assert_ptr_nonnull(screen);
    while (used < wanted) {
        struct pollfd poller = {.fd = p.master, .events = POLLIN};
        ck_assert_int_gt(poll(&poller, 1, PATIENCE_MS), 0);
        const ssize_t got = read(p.master, screen + used, wanted - used);
        ck_assert_int_gt(got, 0);
        used += (size_t)got;
    }
    for (int i = 0; i < FRAME_LINES; i++) {
        char line[9];
        snprintf(line, sizeof line, "%07d,", i);
        ck_assert(memcmp(screen + strlen(bm_terminal_enter) + i * 8, line, 8) == 0);
    }
    free(screen);
    expect(&p, "ready again");
    finish_restored(&p);
}
END_TEST

/* ---- without a terminal ---- */

static void open_with(int input, int report) {
    bm_error error = {.text = "opened"};
    dup2(input, STDIN_FILENO);
    if (bm_tty_open(&error) == BM_OK) {
        bm_tty_close();
    }
    tell(report, strstr(error.text, "standard input") ? "input" : strstr(error.text, "TERM is") ? "TERM" : error.text);
}

static void without_input(int report) {
    open_with(open("/dev/null", O_RDONLY), report);
}

static void with_dumb_terminal(int report) {
    setenv("TERM", "dumb", 1);
    open_with(STDIN_FILENO, report);
    unsetenv("TERM");
    open_with(STDIN_FILENO, report);
    setenv("TERM", "vt220", 1);
    open_with(STDIN_FILENO, report);
}

START_TEST(what_is_no_terminal_is_refused) {
    person p = begin(without_input);
    expect(&p, "input");
    finish(&p);
    ck_assert_uint_eq(p.screen_used, 0);
    p = begin(with_dumb_terminal);
    expect(&p, "TERM");
    expect(&p, "TERM");
    expect(&p, "opened");
    finish(&p);
}
END_TEST

START_TEST(colors_are_true_where_the_terminal_says_so) {
    static const struct {
        const char *colorterm, *term, *sty;
        bm_terminal_colors colors;
    } cases[] = {
        {"truecolor", "xterm-256color", NULL, BM_COLORS_TRUE},
        {"24bit", "xterm", NULL, BM_COLORS_TRUE},
        {NULL, "xterm-256color", NULL, BM_COLORS_256},
        {"", "linux", NULL, BM_COLORS_256},
        {NULL, "xterm-direct", NULL, BM_COLORS_TRUE},
        {NULL, "xterm-kitty", NULL, BM_COLORS_TRUE},
        {NULL, "foot-extra", NULL, BM_COLORS_TRUE},
        {"yes", "rxvt-unicode-256color", NULL, BM_COLORS_256},
        {"truecolor", "screen-256color", "1.pts", BM_COLORS_256},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsetenv("COLORTERM");
        unsetenv("STY");
        setenv("TERM", cases[i].term, 1);
        if (cases[i].colorterm) {
            setenv("COLORTERM", cases[i].colorterm, 1);
        }
        if (cases[i].sty) {
            setenv("STY", cases[i].sty, 1);
        }
        ck_assert_msg(bm_tty_colors() == cases[i].colors, "TERM=%s", cases[i].term);
    }
}
END_TEST

TEST_MAIN("tty", 60, keys_have_their_names, close_leaves_the_terminal_as_it_was, exit_leaves_the_terminal_as_it_was,
          signals_nobody_handles_leave_the_terminal_as_it_was, the_first_ctrl_c_is_told_and_the_second_ends_the_program,
          another_size_asks_for_a_new_picture, ctrl_z_stops_with_the_terminal_restored_and_goes_on_with_a_new_picture,
          a_terminal_that_goes_away_is_told, a_slow_terminal_gets_every_byte_in_order_and_nobody_waits,
          what_is_no_terminal_is_refused, colors_are_true_where_the_terminal_says_so)
