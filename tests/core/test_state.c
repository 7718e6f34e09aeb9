/* The list of named arrays: names, lookup, errors that are told once, and the hash that notices every change. */
#include "core/state.h"

#include <math.h>

#include <stdio.h>
#include <string.h>

#include "support.h"

START_TEST(names_carry_the_prefixes_entered) {
    int32_t x = 0;
    bm_state state = {0};
    bm_state_scalar(&state, "steps", BM_I32, &x);
    bm_state_enter(&state, "agent");
    bm_state_scalar(&state, "steps", BM_I32, &x);
    bm_state_enter(&state, "q.online"); /* a dotted name is left as a whole */
    bm_state_scalar(&state, "bias", BM_I32, &x);
    bm_state_leave(&state);
    bm_state_scalar(&state, "episodes", BM_I32, &x);
    bm_state_leave(&state);
    bm_state_scalar(&state, "seconds", BM_I32, &x);

    static const char *const names[] = {"steps", "agent.steps", "agent.q.online.bias", "agent.episodes", "seconds"};
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);
    ck_assert_uint_eq(state.count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(state.items[i].name, names[i]);
        ck_assert_ptr_eq(bm_state_find(&state, names[i]), &state.items[i]);
    }
    ck_assert_ptr_null(bm_state_find(&state, "agent"));
    bm_state_free(&state);
}
END_TEST

START_TEST(an_array_has_the_type_shape_and_size_it_was_given) {
    double values[24] = {0};
    bm_state state = {0};
    bm_state_scalar(&state, "scalar", BM_F64, values);
    bm_state_vector(&state, "vector", BM_U8, values, 7);
    bm_state_matrix(&state, "matrix", BM_F32, values, 5, 3);
    bm_state_add(&state, "tensor", BM_I64, values, 4, (const size_t[]){2, 3, 4, 1});
    bm_state_vector(&state, "empty", BM_F64, NULL, 0);
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);

    static const size_t bytes[] = {8, 7, 60, 192, 0};
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(bm_array_bytes(&state.items[i]), bytes[i]);
    }
    const bm_array *tensor = bm_state_find(&state, "tensor");
    ck_assert_int_eq(tensor->dtype, BM_I64);
    ck_assert_int_eq(tensor->dims, 4);
    ck_assert_uint_eq(tensor->shape[2], 4);
    ck_assert_ptr_eq(tensor->data, values);
    bm_state_free(&state);
}
END_TEST

START_TEST(types_have_their_safetensors_names_and_sizes) {
    static const char *const names[] = {"F32", "F64", "U8", "I32", "I64", "U64"};
    static const bm_dtype dtypes[] = {BM_F32, BM_F64, BM_U8, BM_I32, BM_I64, BM_U64};
    static const size_t bytes[] = {4, 8, 1, 4, 8, 8};
    for (int i = 0; i < 6; i++) {
        ck_assert_str_eq(bm_dtype_name(dtypes[i]), names[i]);
        ck_assert_uint_eq(bm_dtype_bytes(dtypes[i]), bytes[i]);
    }
}
END_TEST

START_TEST(a_long_list_keeps_every_entry) {
    double values[300];
    bm_state state = {0};
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "array%d", i);
        bm_state_scalar(&state, name, BM_F64, &values[i]);
    }
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);
    ck_assert_ptr_eq(bm_state_find(&state, "array0")->data, &values[0]);
    ck_assert_ptr_eq(bm_state_find(&state, "array299")->data, &values[299]);
    bm_state_free(&state);
}
END_TEST

/* ---- errors ---- */

static void assert_check(bm_state *state, bm_status status, const char *part) {
    bm_error error = {""};
    ck_assert_int_eq(bm_state_check(state, &error), status);
    ck_assert_msg(strstr(error.text, part) != NULL, "'%s' does not mention '%s'", error.text, part);
    bm_state_free(state);
}

/* A name of n letters; the text belongs to the caller's buffer. */
static const char *long_name(char buffer[200], size_t n) {
    memset(buffer, 'a', n);
    buffer[n] = '\0';
    return buffer;
}

START_TEST(a_name_too_long_is_told_by_check) {
    char buffer[200];
    float x = 0;
    bm_state state = {0};
    bm_state_scalar(&state, long_name(buffer, BM_STATE_NAME - 1), BM_F32, &x);
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);
    bm_state_scalar(&state, long_name(buffer, BM_STATE_NAME), BM_F32, &x);
    bm_state_scalar(&state, "later", BM_F32, &x);
    assert_check(&state, BM_INVALID, "longer than 95");

    bm_state_enter(&state, "agent"); /* fits alone, not behind the prefix */
    bm_state_scalar(&state, long_name(buffer, BM_STATE_NAME - 1), BM_F32, &x);
    bm_state_leave(&state);
    assert_check(&state, BM_INVALID, "'agent.aaa");

    bm_state_enter(&state, long_name(buffer, BM_STATE_NAME - 1));
    bm_state_leave(&state);
    assert_check(&state, BM_INVALID, "longer than 95");
}
END_TEST

START_TEST(nesting_too_deep_is_told_and_left_again) {
    bm_state state = {0};
    for (int i = 0; i < BM_STATE_DEPTH + 3; i++) {
        bm_state_enter(&state, "in");
    }
    for (int i = 0; i < BM_STATE_DEPTH + 3; i++) {
        bm_state_leave(&state);
    }
    ck_assert_str_eq(state.prefix, "");
    assert_check(&state, BM_INVALID, "nested deeper");
}
END_TEST

START_TEST(an_enter_without_leave_is_told) {
    bm_state state = {0};
    bm_state_enter(&state, "agent");
    assert_check(&state, BM_INVALID, "'agent.'");
}
END_TEST

START_TEST(a_name_given_twice_is_told) {
    float x = 0;
    bm_state state = {0};
    bm_state_scalar(&state, "x", BM_F32, &x);
    bm_state_scalar(&state, "y", BM_F32, &x);
    bm_state_scalar(&state, "x", BM_F32, &x);
    assert_check(&state, BM_INVALID, "'x' is given twice");
}
END_TEST

START_TEST(an_array_without_data_or_with_an_impossible_shape_is_told) {
    float x = 0;
    bm_state state = {0};
    bm_state_vector(&state, "weights", BM_F32, NULL, 3);
    assert_check(&state, BM_INVALID, "'weights' has no data");
    bm_state_matrix(&state, "huge", BM_F64, &x, SIZE_MAX / 8, 2);
    assert_check(&state, BM_INVALID, "'huge' has an impossible shape");
    bm_state_add(&state, "many", BM_F32, &x, BM_STATE_DIMS + 1, (const size_t[]){1, 1, 1, 1, 1});
    assert_check(&state, BM_INVALID, "'many' has an impossible shape");
}
END_TEST

START_TEST(memory_that_runs_out_is_told_by_check) {
    float x = 0;
    bm_state state = {.count = SIZE_MAX / 4, .capacity = SIZE_MAX / 4}; /* full: the next addition must grow it */
    bm_state_scalar(&state, "x", BM_F32, &x);
    assert_check(&state, BM_FAILED, "not enough memory");
}
END_TEST

/* ---- hash ---- */

/* Values of a second implementation, in Python, over the bytes 0, 1, 2, ... */
START_TEST(the_hash_of_bytes_is_the_one_defined) {
    static const struct {
        size_t bytes;
        uint64_t seed, hash;
    } cases[] = {
        {0, 0x0, 0x29318cba82691610},
        {1, 0x0, 0xfde39d591a99c351},
        {31, 0x1, 0xf7a062e2d81d9993},
        {32, 0x7, 0xd2a28296f67e7b16},
        {33, 0xffffffffffffffff, 0x319e0eea2c73f3c8},
        {100, 0x123456789abcdef, 0x608c2bfb6384d7ba},
    };
    unsigned char bytes[100];
    for (int i = 0; i < 100; i++) {
        bytes[i] = (unsigned char)i;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_uint_eq(bm_hash_bytes(bytes, cases[i].bytes, cases[i].seed), cases[i].hash);
    }
}
END_TEST

static int bits_set(uint64_t word) {
    int n = 0;
    for (; word; word &= word - 1) {
        n++;
    }
    return n;
}

/* One bit of the input should flip each of the 64 with probability 1/2: 32 on average, with a standard deviation of 4,
 * or 0.085 for the mean of all 2240 trials. The limits are 6.5 and 3.8 of these. */
START_TEST(every_bit_flips_half_of_the_hash) {
    unsigned char bytes[80];
    int flips = 0, trials = 0;
    for (size_t length = 1; length <= sizeof bytes; length += 13) {
        memset(bytes, 0, sizeof bytes); /* the worst case: nothing else stirs */
        const uint64_t before = bm_hash_bytes(bytes, length, 0);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            const int flipped = bits_set(before ^ bm_hash_bytes(bytes, length, 0));
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            ck_assert_int_ge(flipped, 6);
            ck_assert_int_le(flipped, 58);
            flips += flipped;
            trials++;
        }
    }
    assert_near((double)flips / trials, 32, 0.01, "mean of flipped bits");
}
END_TEST

START_TEST(zeros_of_different_length_have_different_hashes) {
    const unsigned char zeros[200] = {0};
    uint64_t hash[200];
    for (size_t i = 0; i < 200; i++) {
        hash[i] = bm_hash_bytes(zeros, i, 9);
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(hash[i], hash[j]);
        }
    }
}
END_TEST

START_TEST(the_hash_does_not_depend_on_where_the_bytes_lie) {
    unsigned char storage[80];
    const uint64_t hash = bm_hash_bytes("all the state there is, and more than one block of it", 53, 1);
    for (size_t offset = 0; offset < 16; offset++) {
        memcpy(storage + offset, "all the state there is, and more than one block of it", 53);
        ck_assert_uint_eq(bm_hash_bytes(storage + offset, 53, 1), hash);
    }
}
END_TEST

static uint64_t hash_of(const char *name, bm_dtype dtype, void *data, size_t rows, size_t columns) {
    bm_state state = {0};
    bm_state_matrix(&state, name, dtype, data, rows, columns);
    ck_assert_int_eq(bm_state_check(&state, NULL), BM_OK);
    const uint64_t hash = bm_state_hash(&state, 0);
    bm_state_free(&state);
    return hash;
}

START_TEST(equal_states_have_equal_hashes_and_any_difference_shows) {
    int32_t x[6] = {1, 2, 3, 4, 5, 6}, copy[6] = {1, 2, 3, 4, 5, 6};
    const uint64_t hash = hash_of("kernel", BM_I32, x, 2, 3);
    ck_assert_uint_eq(hash_of("kernel", BM_I32, copy, 2, 3), hash);
    ck_assert_uint_ne(hash_of("kernal", BM_I32, x, 2, 3), hash);
    ck_assert_uint_ne(hash_of("kernel", BM_F32, x, 2, 3), hash);
    ck_assert_uint_ne(hash_of("kernel", BM_I32, x, 3, 2), hash);
    ck_assert_uint_ne(hash_of("kernel", BM_I32, x, 2, 2), hash);
    for (size_t i = 0; i < sizeof copy; i++) {
        ((unsigned char *)copy)[i] ^= 0x80;
        ck_assert_uint_ne(hash_of("kernel", BM_I32, copy, 2, 3), hash);
        ((unsigned char *)copy)[i] ^= 0x80;
    }
}
END_TEST

START_TEST(numbers_of_every_type_are_read_and_written_as_doubles) {
    unsigned char place[8];
    for (bm_dtype dtype = BM_F32; dtype <= BM_U64; dtype++) {
        bm_dtype_set(dtype, place, 0, 200);
        ck_assert(bm_dtype_get(dtype, place, 0) == 200);
    }
    const int32_t integers[] = {-7, 8};
    const float reals[] = {0.5f, -1e30f};
    ck_assert(bm_dtype_get(BM_I32, integers, 0) == -7 && bm_dtype_get(BM_F32, reals, 1) == (double)-1e30f);
}
END_TEST

static bool within(bm_dtype dtype, void *data, size_t n, double low, double high, double *value) {
    bm_state state = {0};
    bm_state_vector(&state, "x", dtype, data, n);
    bm_state_bound(&state, low, high);
    const bool result = bm_array_within(&state.items[0], data, value);
    bm_state_free(&state);
    return result;
}

START_TEST(bounds_belong_to_the_array_added_last_and_name_the_first_number_outside) {
    int32_t x[] = {0, 5, 6, -1};
    float y[] = {1, NAN, 9};
    double value;
    ck_assert(within(BM_I32, x, 2, 0, 5, &value));
    ck_assert(!within(BM_I32, x, 4, 0, 5, &value) && value == 6);
    ck_assert(within(BM_F32, y, 1, -INFINITY, INFINITY, &value));
    ck_assert(!within(BM_F32, y, 3, -INFINITY, INFINITY, &value) && isnan(value));
    int64_t count = -1;
    bm_state state = {0};
    bm_state_vector(&state, "free", BM_I32, x, 4);
    bm_state_count(&state, "count", &count);
    ck_assert(bm_array_within(&state.items[0], x, &value));
    ck_assert(!bm_array_within(&state.items[1], &count, &value) && value == -1);
    count = INT64_MAX;
    ck_assert(bm_array_within(&state.items[1], &count, &value));
    bm_state_free(&state);
}
END_TEST

START_TEST(a_hash_notices_order_and_continues_from_another) {
    float a = 1, b = 2;
    bm_state both = {0}, swapped = {0}, first = {0}, second = {0};
    bm_state_scalar(&both, "a", BM_F32, &a);
    bm_state_scalar(&both, "b", BM_F32, &b);
    bm_state_scalar(&swapped, "b", BM_F32, &b);
    bm_state_scalar(&swapped, "a", BM_F32, &a);
    bm_state_scalar(&first, "a", BM_F32, &a);
    bm_state_scalar(&second, "b", BM_F32, &b);
    ck_assert_uint_ne(bm_state_hash(&both, 0), bm_state_hash(&swapped, 0));
    ck_assert_uint_ne(bm_state_hash(&both, 0), bm_state_hash(&both, 1));
    ck_assert_uint_eq(bm_state_hash(&both, 0), bm_state_hash(&second, bm_state_hash(&first, 0)));
    bm_state_free(&both);
    bm_state_free(&swapped);
    bm_state_free(&first);
    bm_state_free(&second);
}
END_TEST

TEST_MAIN("state", 60, names_carry_the_prefixes_entered, an_array_has_the_type_shape_and_size_it_was_given,
          types_have_their_safetensors_names_and_sizes, a_long_list_keeps_every_entry, a_name_too_long_is_told_by_check,
          nesting_too_deep_is_told_and_left_again, an_enter_without_leave_is_told, a_name_given_twice_is_told,
          an_array_without_data_or_with_an_impossible_shape_is_told, memory_that_runs_out_is_told_by_check,
          the_hash_of_bytes_is_the_one_defined, every_bit_flips_half_of_the_hash,
          zeros_of_different_length_have_different_hashes, the_hash_does_not_depend_on_where_the_bytes_lie,
          numbers_of_every_type_are_read_and_written_as_doubles,
          bounds_belong_to_the_array_added_last_and_name_the_first_number_outside,
          equal_states_have_equal_hashes_and_any_difference_shows, a_hash_notices_order_and_continues_from_another)
