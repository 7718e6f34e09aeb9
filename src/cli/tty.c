/* The second mutable object at file scope (the first is in signals.c): handlers and exit must find the terminal to
 * restore it. They only call what POSIX allows them to: write, poll, tcsetattr, tcflush, sigaction, raise.
 *
 * Keys are decoded after ECMA-48 (control sequences: parameters 0x30 .. 0x3f, intermediates 0x20 .. 0x2f, one final
 * byte) and the tables of xterm's ctlseqs; the Linux console and rxvt differ in a few. */
#include "cli/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum {
    ESCAPE = 033,
    SUSPEND = 032,        /* Ctrl-Z */
    ESCAPE_WAIT_MS = 50,  /* a lone Esc, and not the beginning of a sequence, when nothing follows for so long */
    LEAVE_WAIT_MS = 1000, /* for a terminal that takes no bytes */
    LOOK_MS = 100,        /* how often the size is looked at while nothing comes */
    INPUT_BYTES = 64
};

static const int fatal_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof fatal_signals[0] };

static struct {
    volatile sig_atomic_t open, continued;
    int file; /* of our own: that it does not block is no business of the shell's, which shares standard output */
    struct termios usual, raw;
    struct sigaction before[FATAL_SIGNALS], before_continue;
    int columns, rows;
    unsigned char input[INPUT_BYTES];
    size_t input_count;
    char *rest; /* of what was written: [rest_count] from rest_sent on */
    size_t rest_count, rest_sent, rest_capacity;
    bool registered, gone, told;
} tty = {.file = -1};

/* ---- entering and leaving --------------------------------------------------------------------------------------- */

static bool wait_for(short what, int timeout_ms) {
    struct pollfd poller = {.fd = tty.gone ? -1 : tty.file, .events = what};
    return poll(&poller, 1, timeout_ms) > 0;
}

static void send_whole(const char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = write(tty.file, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (written == 0 ||
                   (errno != EINTR && (errno != EAGAIN || (!wait_for(POLLOUT, LEAVE_WAIT_MS) && errno != EINTR)))) {
            return;
        }
    }
}

static void enter(void) {
    tcsetattr(tty.file, TCSANOW, &tty.raw);
    send_whole(bm_terminal_enter, strlen(bm_terminal_enter));
}

/* The escape character that begins these bytes also ends a sequence that was cut off. */
static void leave(void) {
    send_whole(bm_terminal_leave, strlen(bm_terminal_leave));
    tcflush(tty.file, TCIFLUSH);
    tcsetattr(tty.file, TCSANOW, &tty.usual);
}

/* Passes a signal on to who handled it before us. When that is nobody the program ends here. */
static void on_fatal(int number) {
    const int saved = errno;
    int i = 0;
    while (fatal_signals[i] != number) {
        i++;
    }
    struct sigaction ours;
    if (tty.before[i].sa_handler != SIG_DFL) {
        sigaction(number, NULL, &ours);
        tty.before[i].sa_handler(number);
        sigaction(number, &ours, &tty.before[i]); /* it may have set another for the next time */
    } else {
        if (tty.open) {
            tty.open = 0;
            leave();
        }
        sigaction(number, &tty.before[i], NULL);
        raise(number);
    }
    errno = saved;
}

static void on_continue(int number) {
    (void)number;
    tty.continued = 1;
}

static void take_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_flags = SA_RESTART;
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        action.sa_handler = on_fatal;
        sigaction(fatal_signals[i], NULL, &tty.before[i]);
        if (tty.before[i].sa_handler != SIG_IGN) { /* nohup */
            sigaction(fatal_signals[i], &action, NULL);
        }
    }
    action.sa_handler = on_continue;
    sigaction(SIGCONT, &action, &tty.before_continue);
}

static void give_signals_back(void) {
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        sigaction(fatal_signals[i], &tty.before[i], NULL);
    }
    sigaction(SIGCONT, &tty.before_continue, NULL);
}

static int open_terminal(void) {
    const char *name = ttyname(STDOUT_FILENO);
    const int file = name ? open(name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    return file >= 0 ? file : open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bm_status bm_tty_open(bm_error *error) {
    const char *name = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return bm_fail(error, "--terminal needs a terminal, and standard %s is none",
                       isatty(STDIN_FILENO) ? "output" : "input");
    }
    if (!name || !*name || strcmp(name, "dumb") == 0) {
        return bm_fail(error, "--terminal needs a terminal that can move its cursor, and TERM is %s",
                       name && *name ? name : "not set");
    }
    tty.file = open_terminal();
    if (tty.file < 0 || tcgetattr(tty.file, &tty.usual) != 0) {
        bm_fail(error, "--terminal cannot open the terminal: %s", strerror(errno));
        bm_tty_close();
        return BM_FAILED;
    }
    tty.raw = tty.usual;
    tty.raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
    tty.raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    tty.raw.c_lflag |= ISIG;
    tty.raw.c_cc[VMIN] = 1;
    tty.raw.c_cc[VTIME] = 0;
    tty.raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* comes as a key, so that we stop between two frames */
    tty.gone = tty.told = false;
    tty.continued = 0;
    tty.input_count = tty.rest_count = 0;
    if (!tty.registered) {
        tty.registered = atexit(bm_tty_close) == 0;
    }
    take_signals();
    tty.open = 1;
    enter();
    tty.columns = 80;
    tty.rows = 24;
    bm_tty_size(&tty.columns, &tty.rows);
    return BM_OK;
}

void bm_tty_close(void) {
    if (tty.open) {
        tty.open = 0;
        leave();
        give_signals_back();
    }
    if (tty.file >= 0) {
        close(tty.file);
        tty.file = -1;
    }
    free(tty.rest);
    tty.rest = NULL;
    tty.rest_count = tty.rest_sent = tty.rest_capacity = 0;
}

/* ---- what it is ------------------------------------------------------------------------------------------------- */

void bm_tty_size(int *columns, int *rows) {
    struct winsize size = {0};
    const bool known = ioctl(tty.file, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;
    *columns = known ? size.ws_col : tty.columns;
    *rows = known ? size.ws_row : tty.rows;
}

bm_terminal_colors bm_tty_colors(void) {
    static const char *const known[] = {"direct",  "kitty",   "foot",    "alacritty",
                                        "wezterm", "ghostty", "contour", "iterm2"};
    const char *claim = getenv("COLORTERM"), *name = getenv("TERM");
    if (getenv("STY")) { /* GNU screen, which passes the outer terminal's COLORTERM on, and not its colours */
        return BM_COLORS_256;
    }
    if (claim && (strcmp(claim, "truecolor") == 0 || strcmp(claim, "24bit") == 0)) {
        return BM_COLORS_TRUE;
    }
    for (size_t i = 0; name && i < sizeof known / sizeof known[0]; i++) {
        if (strstr(name, known[i])) {
            return BM_COLORS_TRUE;
        }
    }
    return BM_COLORS_256;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static size_t send_some(const char *bytes, size_t count) {
    size_t sent = 0;
    while (sent < count) {
        const ssize_t written = write(tty.file, bytes + sent, count - sent);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            return count; /* the terminal is gone, as bm_tty_event will tell */
        }
        if (written <= 0) {
            break;
        }
        sent += (size_t)written;
    }
    return sent;
}

bool bm_tty_ready(int timeout_ms) {
    if (!wait_for(POLLOUT, timeout_ms)) {
        return false;
    }
    if (tty.rest_sent < tty.rest_count) {
        tty.rest_sent += send_some(tty.rest + tty.rest_sent, tty.rest_count - tty.rest_sent);
        return tty.rest_sent == tty.rest_count && wait_for(POLLOUT, 0);
    }
    return true;
}

void bm_tty_write(const char *bytes, size_t count) {
    const size_t waiting = tty.rest_count - tty.rest_sent;
    const size_t sent = waiting ? 0 : send_some(bytes, count), left = count - sent;
    if (left == 0) {
        return;
    }
    if (waiting) {
        memmove(tty.rest, tty.rest + tty.rest_sent, waiting);
    }
    tty.rest_count = waiting;
    tty.rest_sent = 0;
    if (waiting + left > tty.rest_capacity) {
        char *grown = realloc(tty.rest, waiting + left);
        if (!grown) {
            return;
        }
        tty.rest = grown;
        tty.rest_capacity = waiting + left;
    }
    memcpy(tty.rest + waiting, bytes + sent, left);
    tty.rest_count = waiting + left;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static bool have_input(size_t bytes) {
    return tty.input_count >= bytes;
}

/* Reads what is there; false: nothing came in time. */
static bool read_input(int timeout_ms) {
    if (!wait_for(POLLIN, timeout_ms)) {
        return false;
    }
    const ssize_t got = read(tty.file, tty.input + tty.input_count, INPUT_BYTES - tty.input_count);
    if (got > 0) {
        tty.input_count += (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        tty.gone = true;
    }
    return got > 0;
}

static void consume(size_t bytes) {
    tty.input_count -= bytes;
    memmove(tty.input, tty.input + bytes, tty.input_count);
}

static bool key(bm_event *event, const char *name, size_t bytes) {
    *event = (bm_event){.kind = BM_EVENT_KEY, .down = true};
    memcpy(event->key, name, bytes < BM_KEY_NAME ? bytes : BM_KEY_NAME - 1);
    return true;
}

static bool named(bm_event *event, const char *name) {
    return name && key(event, name, strlen(name));
}

static const char *name_of_letter(char final) { /* ESC [ A, ESC O A */
    static const char letters[] = "ABCDHFPQRSM";
    static const char *const names[] = {"up", "down", "right", "left", "home", "end", "f1", "f2", "f3", "f4", "return"};
    const char *at = strchr(letters, final);
    return at ? names[at - letters] : NULL;
}

static const char *name_of_number(long number) { /* ESC [ 5 ~ */
    static const char *const names[] = {
        [1] = "home", [4] = "end", [5] = "pageup", [6] = "pagedown", [7] = "home", [8] = "end",
        [11] = "f1",  [12] = "f2", [13] = "f3",    [14] = "f4",      [15] = "f5",  [17] = "f6",
        [18] = "f7",  [19] = "f8", [20] = "f9",    [21] = "f10",     [23] = "f11", [24] = "f12",
    };
    return number >= 0 && number < (long)(sizeof names / sizeof names[0]) ? names[number] : NULL;
}

/* Makes sure that byte `at` of the input is there: what follows Esc comes at once or, on a slow line, soon. */
static bool follows(size_t at) {
    return have_input(at + 1) || (at < INPUT_BYTES && read_input(ESCAPE_WAIT_MS) && have_input(at + 1));
}

static bool decode_sequence(bm_event *event) {
    size_t end = 2;
    if (!follows(1) || (tty.input[1] != '[' && tty.input[1] != 'O') || !follows(2)) {
        consume(1);
        return named(event, "escape");
    }
    if (tty.input[1] == '[' && tty.input[2] == '[' && follows(3)) { /* the Linux console's F1 to F5: ESC [ [ A */
        static const char *const names[] = {"f1", "f2", "f3", "f4", "f5"};
        const int which = tty.input[3] - 'A';
        consume(4);
        return which >= 0 && which < 5 && named(event, names[which]);
    }
    while (tty.input[end] >= 0x20 && tty.input[end] <= 0x3f) {
        if (!follows(++end)) {
            consume(end);
            return false;
        }
    }
    const char final = (char)tty.input[end];
    const long number = strtol((const char *)tty.input + 2, NULL, 10); /* ends at final at the latest */
    consume(end + 1);
    return named(event, final == '~' ? name_of_number(number) : name_of_letter(final));
}

/* One character of UTF-8; what is none is skipped. */
static bool decode_character(bm_event *event) {
    const unsigned char first = tty.input[0];
    const size_t bytes = first < 0x80   ? 1
                         : first < 0xc2 ? 0
                         : first < 0xe0 ? 2
                         : first < 0xf0 ? 3
                         : first < 0xf5 ? 4
                                        : 0;
    bool whole = bytes > 0;
    for (size_t i = 1; i < bytes; i++) {
        whole = whole && follows(i) && (tty.input[i] & 0xc0) == 0x80;
    }
    if (!whole) {
        consume(1);
        return false;
    }
    char text[4];
    memcpy(text, tty.input, bytes);
    text[0] = (char)(first >= 'A' && first <= 'Z' ? first - 'A' + 'a' : first);
    consume(bytes);
    return key(event, text, bytes);
}

/* Ctrl-Z: the whole job stops, as it does when the terminal's driver sees the key. */
static bool suspend(bm_event *event) {
    leave();
    tty.continued = 0;
    kill(0, SIGTSTP);
    for (int i = 0; i < 20 && !tty.continued; i++) { /* another thread may have got it, or nobody: there is no shell */
        poll(NULL, 0, 10);
    }
    tty.continued = 0;
    enter();
    *event = (bm_event){.kind = BM_EVENT_REDRAW};
    return true;
}

static bool decode(bm_event *event) {
    const unsigned char first = tty.input[0];
    if (first == ESCAPE) {
        return decode_sequence(event);
    }
    if (first > ' ' && first != 0x7f) {
        return decode_character(event);
    }
    consume(1);
    switch (first) {
    case ' ':
        return named(event, "space");
    case '\r':
    case '\n':
        return named(event, "return");
    case '\t':
        return named(event, "tab");
    case '\b':
    case 0x7f:
        return named(event, "backspace");
    case SUSPEND:
        return suspend(event);
    default:
        return false;
    }
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

/* Another size, or goes on after it was stopped by somebody else, with the terminal as the shell left it. */
static bool changed(bm_event *event) {
    int columns, rows;
    bm_tty_size(&columns, &rows);
    if (tty.continued) {
        tty.continued = 0;
        enter();
    } else if (columns == tty.columns && rows == tty.rows) {
        return false;
    }
    tty.columns = columns;
    tty.rows = rows;
    *event = (bm_event){.kind = BM_EVENT_REDRAW};
    return true;
}

bool bm_tty_event(int timeout_ms, bm_event *event) {
    int wait = timeout_ms < 0 || timeout_ms > LOOK_MS ? LOOK_MS : timeout_ms;
    if (changed(event)) {
        return true;
    }
    while (have_input(1) || read_input(wait)) {
        if (decode(event)) {
            return true;
        }
        wait = 0;
    }
    if (tty.gone && !tty.told) {
        tty.told = true;
        *event = (bm_event){.kind = BM_EVENT_CLOSE};
        return true;
    }
    return changed(event);
}
