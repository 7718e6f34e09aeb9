/* bellman: one program, a verb each for what people do. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/suggest.h"
#include "train/experiment.h"

#define VERB(name) extern const bm_verb bm_verb_##name;
#include "cli/verb_list.h"
#undef VERB

#define VERB(name) &bm_verb_##name,
const bm_verb *const bm_verbs[] = {
#include "cli/verb_list.h"
    NULL,
};
#undef VERB

int bm_cli_report(bm_status status, const bm_error *error) {
    fprintf(stderr, "bellman: %s\n", error->text);
    return status == BM_INVALID ? BM_EXIT_USAGE : BM_EXIT_FAILED;
}

void bm_cli_usage(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bellman: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(BM_EXIT_USAGE);
}

void *bm_cli_alloc(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fputs("bellman: not enough memory\n", stderr);
        exit(BM_EXIT_FAILED);
    }
    return memory;
}

const char *bm_cli_value(const bm_arguments *arguments, const char *flag) {
    for (int i = arguments->settings - 1; i >= 0; i--) {
        if (!arguments->setting[i].option && strcmp(arguments->setting[i].name, flag) == 0) {
            return arguments->setting[i].value;
        }
    }
    return NULL;
}

bool bm_cli_has(const bm_arguments *arguments, const char *flag) {
    return bm_cli_value(arguments, flag) != NULL;
}

long long bm_cli_integer(const bm_arguments *arguments, const char *flag, long long fallback, long long min,
                         long long max) {
    const char *text = bm_cli_value(arguments, flag);
    if (!text) {
        return fallback;
    }
    char *end;
    const double value = strtod(text, &end); /* 1e6 is a whole number too */
    if (end == text || *end || !(value >= (double)min && value <= (double)max) || value != (double)(long long)value) {
        bm_cli_usage("--%s=%s is not a whole number from %lld to %lld", flag, text, min, max);
    }
    return (long long)value;
}

const char *bm_cli_thousands(long long number, char *text, size_t bytes) {
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%lld", number < 0 ? -number : number);
    size_t at = 0;
    if (number < 0 && bytes > 1) {
        text[at++] = '-';
    }
    for (int i = 0; i < length && at + 2 < bytes; i++) {
        if (i && (length - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static void print_help(FILE *out) {
    fputs("bellman: train reinforcement-learning agents from the command line\n\n"
          "Start with\n"
          "  bellman train dqn CartPole-v1 --render   train an agent and watch; writes a folder below runs/\n"
          "  bellman watch RUN                        see the trained policy play (eval RUN: its score)\n"
          "  bellman train dqn CartPole-v1 --help     the hyperparameters, with defaults and ranges\n\n"
          "Verbs\n",
          out);
    for (const bm_verb *const *verb = bm_verbs; *verb; verb++) {
        fprintf(out, "  %-8s %s\n", (*verb)->name, (*verb)->summary);
    }
    fputs("\n"
          "Every verb explains itself: bellman VERB --help. --json: the last line is one JSON object;\n"
          "--quiet: no progress. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (saved).\n",
          out);
}

/* Output that could not be written is a failure, whatever the verb thinks. */
static int finish(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }
    fprintf(stderr, "bellman: cannot write the output: %s\n", strerror(errno));
    return code == BM_EXIT_OK ? BM_EXIT_FAILED : code;
}

int main(int argc, char **argv) {
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of its write, told as such */
    if (argc < 2) {
        print_help(stderr);
        return BM_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return BM_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("bellman " BM_VERSION);
        return BM_EXIT_OK;
    }
    const char *names[64];
    size_t count = 0;
    for (const bm_verb *const *verb = bm_verbs; *verb; verb++) {
        if (strcmp(name, (*verb)->name) == 0) {
            return finish((*verb)->run(argc - 1, argv + 1));
        }
        if (count < sizeof names / sizeof names[0]) {
            names[count++] = (*verb)->name;
        }
    }
    bm_cli_usage("unknown verb %s%s", name, bm_did_you_mean(name, names, count, " (see bellman --help)").text);
}
