/* Sums what the runs report and draws it: at most ten times a second on a terminal. */
#include "cli/progress.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

typedef struct {
    bm_display *display;
    bm_progress progress;
    bool ended;
} run_slot;

struct bm_display {
    const char *title, *steps, *train, *eval;
    bool quiet, terminal, drawn;
    int runs, tenths; /* tenths of the way already told where the output is no terminal */
    pthread_mutex_t lock;
    run_slot slots[];
};

void bm_display_words(bm_display *display, const char *steps, const char *train, const char *eval) {
    display->steps = steps;
    display->train = train;
    display->eval = eval;
}

bm_display *bm_display_create(const char *title, int runs, bool quiet) {
    bm_display *display = bm_cli_alloc(1, sizeof *display + (size_t)runs * sizeof(run_slot));
    display->title = title;
    bm_display_words(display, "steps", "return", "eval");
    display->quiet = quiet;
    display->terminal = isatty(STDERR_FILENO);
    display->runs = runs;
    pthread_mutex_init(&display->lock, NULL);
    for (int i = 0; i < runs; i++) {
        display->slots[i].display = display;
        display->slots[i].progress.training = NAN;
        display->slots[i].progress.score = NAN;
    }
    return display;
}

void *bm_display_slot(bm_display *display, int index) {
    return &display->slots[index];
}

void bm_display_expect(bm_display *display, int index, int64_t step, int64_t total) {
    display->slots[index].progress.step = step;
    display->slots[index].progress.total = total;
}

static void append(char **cursor, const char *end, const char *label, double value, const char *format) {
    if (isfinite(value) && *cursor < end) {
        char number[32];
        snprintf(number, sizeof number, format, value);
        *cursor += snprintf(*cursor, (size_t)(end - *cursor), "  %s %s", label, number);
    }
}

static const char *speed_text(double speed, char *text, size_t bytes) {
    if (speed >= 1e6) {
        snprintf(text, bytes, "%.2fM", speed / 1e6);
    } else if (speed >= 1e4) {
        snprintf(text, bytes, "%.0fk", speed / 1e3);
    } else {
        snprintf(text, bytes, "%.0f", speed);
    }
    return text;
}

static void draw(bm_display *display) {
    int64_t step = 0, total = 0;
    double speed = 0, train = 0, eval = 0, seconds = 0;
    int running = 0, known = 0, evaluated = 0, ended = 0;
    for (int i = 0; i < display->runs; i++) {
        const bm_progress *p = &display->slots[i].progress;
        step += p->step;
        total += p->total;
        ended += display->slots[i].ended || (p->total > 0 && p->step >= p->total);
        if (p->step > 0 && p->step < p->total) {
            speed += isfinite(p->steps_per_second) ? p->steps_per_second : 0;
            running++;
        }
        seconds = fmax(seconds, p->seconds);
        if (isfinite(p->training)) {
            train += p->training;
            known++;
        }
        if (isfinite(p->score)) {
            eval += p->score;
            evaluated++;
        }
    }
    if (running == 0 && seconds > 0) {
        speed = (double)step / seconds;
    }
    /* Runs that have not begun are as long as those that have. */
    int begun = 0;
    for (int i = 0; i < display->runs; i++) {
        begun += display->slots[i].progress.total > 0;
    }
    total = begun ? total / begun * display->runs : 0;
    const double share = total ? (double)step / (double)total : 0;
    if (!display->terminal && (int)(share * 10) <= display->tenths) {
        return;
    }
    display->tenths = (int)(share * 10);
    char line[256], steps[32], totals[32], rate[32], runs[48] = "", bar[21];
    for (int i = 0; i < 20; i++) {
        bar[i] = share * 20 > i ? '#' : '.';
    }
    bar[20] = '\0';
    if (display->runs > 1) {
        snprintf(runs, sizeof runs, "  %d/%d runs", ended, display->runs);
    }
    const char *end = line + sizeof line;
    char *cursor = line;
    cursor +=
        snprintf(line, sizeof line, "%s  [%s] %3.0f%%%s  %s/%s %s  %s %s/s", display->title, bar, share * 100, runs,
                 bm_cli_thousands(step, steps, sizeof steps), bm_cli_thousands(total, totals, sizeof totals),
                 display->steps, speed_text(speed, rate, sizeof rate), display->steps);
    append(&cursor, end, display->train, known ? train / known : NAN, "%.4g");
    append(&cursor, end, display->eval, evaluated ? eval / evaluated : NAN, "%.4g");
    append(&cursor, end, "ETA", speed > 0 && step < total ? (double)(total - step) / speed : NAN, "%.0fs");
    fprintf(stderr, display->terminal ? "\r\033[?7l%s\033[K\033[?7h" : "%s\n", line); /* cut where the terminal ends */
    fflush(stderr);
    display->drawn = true;
}

void bm_display_visit(void *context, const bm_progress *progress) {
    run_slot *slot = context;
    bm_display *display = slot->display;
    pthread_mutex_lock(&display->lock);
    slot->progress = *progress;
    if (!display->quiet) {
        draw(display);
    }
    pthread_mutex_unlock(&display->lock);
}

void bm_display_end(bm_display *display, int index) {
    run_slot *slot = &display->slots[index];
    pthread_mutex_lock(&display->lock);
    slot->ended = true;
    slot->progress.total = slot->progress.step;
    if (!display->quiet && display->terminal) {
        draw(display);
    }
    pthread_mutex_unlock(&display->lock);
}

void bm_display_destroy(bm_display *display) {
    if (display->drawn && display->terminal) {
        fputc('\n', stderr);
    }
    pthread_mutex_destroy(&display->lock);
    free(display);
}
