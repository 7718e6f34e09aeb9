/* rng/: the generator against NumPy, draw for draw; every comparison is for equality. tests/golden/rng/README.md tells
 * what is in the tables. */
#include "core/rng.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_files/golden.h"

enum { DRAWS_MOST = 4096 };

/* ---- numbers separated by spaces; each reader moves text on
 * ------------------------------------------------------- */

static double read_real(const char **text) {
    char *end;
    const double value = strtod(*text, &end);
    ck_assert_msg(end != *text, "a number is missing");
    *text = end;
    return value;
}

static int64_t read_integer(const char **text) {
    char *end;
    const long long value = strtoll(*text, &end, 10);
    ck_assert_msg(end != *text, "a number is missing");
    *text = end;
    return value;
}

static void compare_integer(int64_t got, const char **text, const char *what) {
    const int64_t want = read_integer(text);
    golden_within(got == want ? 0 : INFINITY, 0, "%s is %lld instead of %lld", what, (long long)got, (long long)want);
}

static void compare_unsigned(uint64_t got, const char *text, int base, const char *what) {
    const uint64_t want = strtoull(text, NULL, base);
    golden_within(got == want ? 0 : INFINITY, 0, "%s is %llu instead of %llu", what, (unsigned long long)got,
                  (unsigned long long)want);
}

static void compare_integers(const int64_t *x, size_t n, const char *text, const char *what) {
    for (size_t i = 0; i < n; i++) {
        compare_integer(x[i], &text, what);
    }
    ck_assert_msg(!*text, "%s: more numbers than were drawn", what);
}

static void compare_real(double got, const char **text, const char *what) {
    golden_near(got, read_real(text), 0, "%s", what);
}

/* ---- numpy_default_rng.csv
 * ---------------------------------------------------------------------------------------- */

static void compare_choice(bm_rng *rng, const char *call, int *times, const char **values) {
    enum { CHOICES_MOST = 64 };
    double p[CHOICES_MOST];
    char *end;
    size_t n = 0;
    const char *at = strstr(call, "p=");
    ck_assert_msg(at != NULL, "%s has no p", call);
    for (at += 2; *at && *at != ')'; at = end) {
        ck_assert_msg(n < CHOICES_MOST, "%s: too many choices", call);
        p[n++] = strtod(at, &end);
        ck_assert_msg(end > at, "%s: p is not understood", call);
    }
    while ((*times)-- > 0) {
        compare_integer((int64_t)bm_rng_choice(rng, n, p), values, call);
    }
}

/* "STATE INC has_uint32 uinteger", the first two as 32 hexadecimal digits. */
static void compare_state(const bm_rng *rng, const char **values) {
    const uint64_t word[4] = {rng->state_high, rng->state_low, rng->inc_high, rng->inc_low};
    ck_assert_msg(strlen(*values) > 66, "the state is too short");
    for (int i = 0; i < 4; i++) {
        char digits[17] = "";
        memcpy(digits, *values, 16);
        compare_unsigned(word[i], digits, 16, "the state");
        *values += 16 + i % 2; /* a space after every second word */
    }
    compare_integer((int64_t)rng->has_uint32, values, "has_uint32");
    compare_integer((int64_t)rng->uinteger, values, "uinteger");
}

static void compare_order(bm_rng *rng, bool shuffle, int n, const char **values, const char *call) {
    int64_t x[DRAWS_MOST];
    ck_assert_msg(n >= 0 && n <= DRAWS_MOST, "%s is too long", call);
    for (int i = 0; i < n; i++) {
        x[i] = i;
    }
    if (shuffle) {
        bm_rng_shuffle(rng, (size_t)n, x);
    } else {
        bm_rng_permutation(rng, (size_t)n, x);
    }
    for (int i = 0; i < n; i++) {
        compare_integer(x[i], values, call);
    }
}

static void compare_spawn(uint64_t entropy, int children, const char **values, const char *call) {
    bm_seed seed = bm_seed_of(entropy);
    for (int i = 0; i < children; i++) {
        const bm_seed child = bm_seed_spawn(&seed);
        bm_rng of_child = bm_rng_from(&child);
        compare_real(bm_rng_double(&of_child), values, call);
    }
}

/* "integers(0;13)x7": a call of NumPy's generator, its arguments, and how often. */
static void compare_call(bm_rng *rng, uint64_t entropy, const char *call, const char *values) {
    double low, high;
    long long first, last;
    int n = 0, times = 1;
    const char *closing = strrchr(call, ')');
    if (closing && closing[1] == 'x') {
        times = (int)strtol(closing + 2, NULL, 10);
    }
    if (sscanf(call, "uniform(%lf;%lf;%d)", &low, &high, &n) == 3) {
        for (int i = 0; i < n; i++) {
            compare_real(bm_rng_uniform(rng, low, high), &values, call);
        }
    } else if (sscanf(call, "integers(%lld;%lld)", &first, &last) == 2) {
        while (times-- > 0) {
            compare_integer(bm_rng_integers(rng, first, last), &values, call);
        }
    } else if (strncmp(call, "random()", 8) == 0) {
        while (times-- > 0) {
            compare_real(bm_rng_double(rng), &values, call);
        }
    } else if (strncmp(call, "random(float32)", 15) == 0) {
        while (times-- > 0) {
            compare_real((double)bm_rng_float(rng), &values, call);
        }
    } else if (strncmp(call, "standard_normal()", 17) == 0) {
        while (times-- > 0) {
            compare_real(bm_rng_normal(rng), &values, call);
        }
    } else if (strncmp(call, "choice(", 7) == 0) {
        compare_choice(rng, call, &times, &values);
    } else if (sscanf(call, "shuffle(arange(%d))", &n) == 1) {
        compare_order(rng, true, n, &values, call);
    } else if (sscanf(call, "permutation(%d)", &n) == 1) {
        compare_order(rng, false, n, &values, call);
    } else if (sscanf(call, "SeedSequence.spawn(%d) random()", &n) == 1) {
        compare_spawn(entropy, n, &values, call);
    } else if (strncmp(call, "state ", 6) == 0) {
        compare_state(rng, &values);
    } else {
        ck_abort_msg("there is no call %s", call);
    }
    ck_assert_msg(!*values, "%s: more numbers than were drawn", call);
}

static void compare_calls(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = {0};
    for (int row = 0; row < table.rows; row++) {
        const char *seed = golden_text(&table, row, "seed");
        const uint64_t entropy = strtoull(seed, NULL, 10);
        if (row == 0 || strcmp(seed, golden_text(&table, row - 1, "seed")) != 0) {
            rng = bm_rng_seeded(entropy);
        }
        compare_call(&rng, entropy, golden_text(&table, row, "call"), golden_text(&table, row, "values"));
    }
}

/* ---- the edges of single methods
 * ---------------------------------------------------------------------------------- */

static void compare_seed_sequences(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    for (int row = 0; row < table.rows; row++) {
        bm_seed seed = bm_seed_of(strtoull(golden_text(&table, row, "entropy"), NULL, 10));
        for (const char *key = golden_text(&table, row, "spawn_key"); *key;) {
            seed = bm_seed_child(&seed, (uint32_t)read_integer(&key));
        }
        const bm_rng rng = bm_rng_from(&seed);
        compare_unsigned(rng.state_high, golden_text(&table, row, "state_high"), 10, "state_high");
        compare_unsigned(rng.state_low, golden_text(&table, row, "state_low"), 10, "state_low");
        compare_unsigned(rng.inc_high, golden_text(&table, row, "inc_high"), 10, "inc_high");
        compare_unsigned(rng.inc_low, golden_text(&table, row, "inc_low"), 10, "inc_low");
    }
}

static void compare_ranges(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = bm_rng_seeded(2019);
    for (int row = 0; row < table.rows; row++) {
        const char *low_text = golden_text(&table, row, "low"), *high_text = golden_text(&table, row, "high");
        const int64_t low = read_integer(&low_text), high = read_integer(&high_text);
        int64_t x[12];
        for (int i = 0; i < 12; i++) {
            x[i] = bm_rng_integers(&rng, low, high);
        }
        compare_integers(x, 12, golden_text(&table, row, "values"), "integers");
    }
}

static void compare_normal_tail(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = bm_rng_seeded(1964);
    int row = 0;
    for (int draw = 0; draw <= 200000; draw++) {
        const double x = bm_rng_normal(&rng);
        if (fabs(x) > 3.6 || draw == 200000) {
            golden_near(draw, golden_number(&table, row, "draw"), 0, "draw of row %d", row + 1);
            golden_near(x, golden_number(&table, row, "value"), 0, "value of row %d", row + 1);
            row++;
        }
    }
    golden_near(row, table.rows, 0, "rows");
}

static void compare_shuffles(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = bm_rng_seeded(1938);
    for (int row = 0; row < table.rows; row++) {
        const double n = golden_number(&table, row, "n");
        int64_t x[DRAWS_MOST];
        ck_assert_msg(n >= 0 && n <= DRAWS_MOST, "row %d: n is %g", row + 1, n);
        bm_rng_permutation(&rng, (size_t)n, x);
        compare_integers(x, (size_t)n, golden_text(&table, row, "permutation"), "permutation");
        bm_rng_shuffle(&rng, (size_t)n, x);
        compare_integers(x, (size_t)n, golden_text(&table, row, "shuffled_again"), "shuffled_again");
    }
}

static void compare_choices(const golden_case *file) {
    const golden_table table = golden_read(file->path, file->arena);
    bm_rng rng = bm_rng_seeded(3);
    for (int row = 0; row < table.rows; row++) {
        char call[1024];
        const char *values = golden_text(&table, row, "values");
        int times = 20;
        snprintf(call, sizeof call, "choice(p=%s)", golden_text(&table, row, "p"));
        compare_choice(&rng, call, &times, &values);
        ck_assert_msg(!*values, "more numbers than were drawn");
    }
}

const golden_family golden_rng_families[] = {
    {"rng/numpy_default_rng.csv", compare_calls, 0, 0, NULL},
    {"rng/numpy_seed_sequence.csv", compare_seed_sequences, 0, 0, NULL},
    {"rng/numpy_integers.csv", compare_ranges, 0, 0, NULL},
    {"rng/numpy_normal_tail.csv", compare_normal_tail, 0, 0, NULL},
    {"rng/numpy_shuffle.csv", compare_shuffles, 0, 0, NULL},
    {"rng/numpy_choice.csv", compare_choices, 0, 0, NULL},
    {0},
};
