/* The generator against NumPy 1.24.2, draw for draw: every comparison is for equality. tests/golden/rng/README.md tells
 * what is in the tables. */
#include "core/rng.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define GOLDEN "tests/golden/rng/"

/* ---- reading numbers separated by spaces; each reader moves text on ---- */

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

static uint64_t read_unsigned(const char *text) {
    return strtoull(text, NULL, 10);
}

static void assert_integers(const int64_t *x, size_t n, const char *text) {
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(x[i], read_integer(&text));
    }
    ck_assert_str_eq(text, "");
}

/* ---- one check for each kind of row of numpy_default_rng.csv ---- */

typedef void row_check(bm_rng *rng, uint64_t entropy, const char *values);

static void check_uniform(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(bm_rng_uniform(rng, -0.05, 0.05), read_real(&values));
    }
}

static void check_die(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(bm_rng_integers(rng, 0, 13), read_integer(&values));
    }
}

static void check_negative_range(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    ck_assert_int_eq(bm_rng_integers(rng, -9999, 9999), read_integer(&values));
}

static void check_pair(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    ck_assert_int_eq(bm_rng_integers(rng, 3, 5), read_integer(&values));
}

static void check_wide_range(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    ck_assert_int_eq(bm_rng_integers(rng, -5, 10000000000), read_integer(&values));
}

static void check_random(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq(bm_rng_double(rng), read_real(&values));
    }
}

static void check_choice(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq((int64_t)bm_rng_choice(rng, 2, (const double[]){0.8, 0.2}), read_integer(&values));
    }
}

static void check_float(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq((double)bm_rng_float(rng), read_real(&values));
    }
}

static void check_shuffle(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    int64_t x[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    bm_rng_shuffle(rng, 10, x);
    assert_integers(x, 10, values);
}

static void check_permutation(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    int64_t x[7];
    bm_rng_permutation(rng, 7, x);
    assert_integers(x, 7, values);
}

static void check_normal(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    for (int i = 0; i < 20; i++) {
        ck_assert_double_eq(bm_rng_normal(rng), read_real(&values));
    }
}

static void check_spawn(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)rng;
    bm_seed seed = bm_seed_of(entropy);
    for (int i = 0; i < 3; i++) {
        const bm_seed child = bm_seed_spawn(&seed);
        bm_rng of_child = bm_rng_from(&child);
        ck_assert_double_eq(bm_rng_double(&of_child), read_real(&values));
    }
}

/* "STATE INC has_uint32 uinteger", the first two as 32 hexadecimal digits. */
static void check_state(bm_rng *rng, uint64_t entropy, const char *values) {
    (void)entropy;
    const uint64_t word[4] = {rng->state_high, rng->state_low, rng->inc_high, rng->inc_low};
    for (int i = 0; i < 4; i++) {
        char digits[17] = "";
        memcpy(digits, values, 16);
        ck_assert_uint_eq(word[i], strtoull(digits, NULL, 16));
        values += 16 + i % 2; /* a space after every second word */
    }
    ck_assert_int_eq((int64_t)rng->has_uint32, read_integer(&values));
    ck_assert_int_eq((int64_t)rng->uinteger, read_integer(&values));
}

static const struct {
    const char *call;
    row_check *check;
} calls[] = {
    {"uniform(-0.05;0.05;4)", check_uniform},
    {"integers(0;13)x7", check_die},
    {"integers(-9999;9999)", check_negative_range},
    {"integers(3;5)", check_pair},
    {"integers(-5;10000000000)", check_wide_range},
    {"random()x3", check_random},
    {"choice(2;p=0.8 0.2)x5", check_choice},
    {"random(float32)x3", check_float},
    {"shuffle(arange(10))", check_shuffle},
    {"permutation(7)", check_permutation},
    {"standard_normal()x20", check_normal},
    {"SeedSequence.spawn(3) random()", check_spawn},
    {"state state_hex inc_hex has_uint32 uinteger", check_state},
};

START_TEST(a_sequence_of_all_draws_is_numpys_for_every_seed) {
    enum { CALLS = sizeof calls / sizeof calls[0] };
    golden_table table = golden_read(GOLDEN "numpy_default_rng.csv");
    ck_assert_int_eq(table.rows, 50 * CALLS);
    bm_rng rng = {0};
    for (int row = 0; row < table.rows; row++) {
        const uint64_t entropy = read_unsigned(golden_text(&table, row, "seed"));
        if (row % CALLS == 0) {
            rng = bm_rng_seeded(entropy);
        }
        ck_assert_str_eq(golden_text(&table, row, "call"), calls[row % CALLS].call);
        calls[row % CALLS].check(&rng, entropy, golden_text(&table, row, "values"));
    }
    golden_free(&table);
}
END_TEST

START_TEST(nested_children_are_seed_sequences_with_a_spawn_key) {
    golden_table table = golden_read(GOLDEN "numpy_seed_sequence.csv");
    for (int row = 0; row < table.rows; row++) {
        bm_seed seed = bm_seed_of(read_unsigned(golden_text(&table, row, "entropy")));
        for (const char *key = golden_text(&table, row, "spawn_key"); *key;) {
            seed = bm_seed_child(&seed, (uint32_t)read_integer(&key));
        }
        const bm_rng rng = bm_rng_from(&seed);
        ck_assert_uint_eq(rng.state_high, read_unsigned(golden_text(&table, row, "state_high")));
        ck_assert_uint_eq(rng.state_low, read_unsigned(golden_text(&table, row, "state_low")));
        ck_assert_uint_eq(rng.inc_high, read_unsigned(golden_text(&table, row, "inc_high")));
        ck_assert_uint_eq(rng.inc_low, read_unsigned(golden_text(&table, row, "inc_low")));
    }
    golden_free(&table);
}
END_TEST

START_TEST(the_children_spawned_are_the_children_by_number) {
    bm_seed root = bm_seed_of(42);
    bm_seed parent = bm_seed_spawn(&root);
    (void)bm_seed_spawn(&parent);
    const bm_seed spawned = bm_seed_spawn(&parent), numbered = bm_seed_child(&parent, 1);
    ck_assert_mem_eq(&spawned, &numbered, sizeof spawned);
    ck_assert_uint_eq(parent.children, 2);
    ck_assert_uint_eq(spawned.children, 0);
}
END_TEST

START_TEST(children_deeper_than_a_spawn_key_still_have_streams_of_their_own) {
    bm_seed parent = bm_seed_of(1);
    uint64_t first_draw[40];
    for (int i = 0; i < 20; i++) {
        for (uint32_t j = 0; j < 2; j++) {
            const bm_seed child = bm_seed_child(&parent, j);
            bm_rng rng = bm_rng_from(&child);
            first_draw[2 * i + (int)j] = bm_rng_uint64(&rng);
        }
        parent = bm_seed_child(&parent, 0);
    }
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < i; j++) {
            ck_assert_uint_ne(first_draw[i], first_draw[j]);
        }
    }
}
END_TEST

START_TEST(integers_at_the_edges_of_their_methods_are_numpys) {
    golden_table table = golden_read(GOLDEN "numpy_integers.csv");
    bm_rng rng = bm_rng_seeded(2019);
    for (int row = 0; row < table.rows; row++) {
        const char *low_text = golden_text(&table, row, "low"), *high_text = golden_text(&table, row, "high");
        const int64_t low = read_integer(&low_text), high = read_integer(&high_text);
        int64_t x[12];
        for (int i = 0; i < 12; i++) {
            x[i] = bm_rng_integers(&rng, low, high);
        }
        assert_integers(x, 12, golden_text(&table, row, "values"));
    }
    golden_free(&table);
}
END_TEST

START_TEST(the_tail_of_the_normal_distribution_is_numpys) {
    golden_table table = golden_read(GOLDEN "numpy_normal_tail.csv");
    bm_rng rng = bm_rng_seeded(1964);
    int row = 0;
    for (int draw = 0; draw <= 200000; draw++) {
        const double x = bm_rng_normal(&rng);
        if (fabs(x) > 3.6 || draw == 200000) {
            ck_assert_double_eq(golden_number(&table, row, "draw"), draw);
            ck_assert_double_eq(golden_number(&table, row, "value"), x);
            row++;
        }
    }
    ck_assert_int_eq(row, table.rows);
    golden_free(&table);
}
END_TEST

START_TEST(permutations_and_shuffles_of_any_length_are_numpys) {
    golden_table table = golden_read(GOLDEN "numpy_shuffle.csv");
    bm_rng rng = bm_rng_seeded(1938);
    for (int row = 0; row < table.rows; row++) {
        const size_t n = (size_t)golden_number(&table, row, "n");
        int64_t x[100];
        ck_assert_uint_le(n, 100);
        bm_rng_permutation(&rng, n, x);
        assert_integers(x, n, golden_text(&table, row, "permutation"));
        bm_rng_shuffle(&rng, n, x);
        assert_integers(x, n, golden_text(&table, row, "shuffled_again"));
    }
    golden_free(&table);
}
END_TEST

START_TEST(choice_with_probabilities_is_numpys) {
    golden_table table = golden_read(GOLDEN "numpy_choice.csv");
    bm_rng rng = bm_rng_seeded(3);
    for (int row = 0; row < table.rows; row++) {
        double p[10];
        size_t n = 0;
        for (const char *text = golden_text(&table, row, "p"); *text;) {
            ck_assert_uint_lt(n, 10);
            p[n++] = read_real(&text);
        }
        int64_t x[20];
        for (int i = 0; i < 20; i++) {
            x[i] = (int64_t)bm_rng_choice(&rng, n, p);
        }
        assert_integers(x, 20, golden_text(&table, row, "values"));
    }
    golden_free(&table);
}
END_TEST

START_TEST(a_64_bit_draw_leaves_the_buffered_half_alone) {
    bm_rng rng = bm_rng_seeded(6), twin = bm_rng_seeded(6);
    const uint64_t first = bm_rng_uint64(&twin), second = bm_rng_uint64(&twin);
    ck_assert_uint_eq(bm_rng_uint32(&rng), first & UINT32_MAX);
    ck_assert_uint_eq(bm_rng_uint64(&rng), second);
    ck_assert_uint_eq(bm_rng_uint32(&rng), first >> 32);
}
END_TEST

TEST_MAIN("rng", 60, a_sequence_of_all_draws_is_numpys_for_every_seed,
          nested_children_are_seed_sequences_with_a_spawn_key, the_children_spawned_are_the_children_by_number,
          children_deeper_than_a_spawn_key_still_have_streams_of_their_own,
          integers_at_the_edges_of_their_methods_are_numpys, the_tail_of_the_normal_distribution_is_numpys,
          permutations_and_shuffles_of_any_length_are_numpys, choice_with_probabilities_is_numpys,
          a_64_bit_draw_leaves_the_buffered_half_alone)
