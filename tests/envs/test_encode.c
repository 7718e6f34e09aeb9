/* Observations as network inputs, and what a policy chose as actions. */
#include "envs/encode.h"

#include <math.h>

#include "support.h"

/* Three numbers: of 2, 3 and 1 values. */
static const int counts[] = {2, 3, 1};
static const bm_space several = {
    .kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {3}, .size = 3, .n = 6, .counts = counts};

START_TEST(an_integer_becomes_one_hot) {
    const bm_space space = bm_space_discrete(3);
    const int32_t observation[] = {2, 0};
    bm_real features[6] = {9, 9, 9, 9, 9, 9};
    ck_assert_int_eq(bm_space_features(&space, BM_ONE_HOT), 3);
    ck_assert_int_eq(bm_space_count(&space, 0), 3);
    ck_assert_uint_eq(bm_space_bytes(&space), 4);
    bm_encode(&space, BM_ONE_HOT, 2, observation, features);
    const bm_real want[] = {0, 0, 1, 1, 0, 0};
    ck_assert_mem_eq(features, want, sizeof want);
}
END_TEST

START_TEST(integers_of_different_sizes_become_one_hot_in_blocks) {
    const int32_t observation[] = {1, 2, 0, 0, 1, 0};
    bm_real features[12];
    ck_assert_int_eq(bm_space_features(&several, BM_ONE_HOT), 6);
    ck_assert_uint_eq(bm_space_bytes(&several), 12);
    bm_encode(&several, BM_ONE_HOT, 2, observation, features);
    const bm_real want[] = {0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1};
    ck_assert_mem_eq(features, want, sizeof want);
}
END_TEST

START_TEST(integers_for_an_embedding_stay_integers) {
    const int32_t observation[] = {1, 2, 0, 0, 1, 0};
    bm_real features[6];
    ck_assert_int_eq(bm_space_features(&several, BM_INDEX), 3);
    bm_encode(&several, BM_INDEX, 2, observation, features);
    for (int i = 0; i < 6; i++) {
        ck_assert(features[i] == (bm_real)observation[i]);
    }
}
END_TEST

START_TEST(boxes_keep_their_numbers) {
    bm_space space = {.kind = BM_BOX, .dtype = BM_F32, .dims = 2, .shape = {1, 2}, .size = 2};
    const float floats[] = {-1.5F, 2.25F, 0, 1e30F};
    bm_real features[4];
    ck_assert_int_eq(bm_space_features(&space, BM_ONE_HOT), 2);
    ck_assert_uint_eq(bm_space_bytes(&space), 8);
    bm_encode(&space, BM_ONE_HOT, 2, floats, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)floats[i]);
    }
    space.dtype = BM_U8;
    const uint8_t bytes[] = {0, 255, 1, 128};
    ck_assert_uint_eq(bm_space_bytes(&space), 2);
    bm_encode(&space, BM_ONE_HOT, 2, bytes, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)bytes[i]);
    }
    space.dtype = BM_I32;
    const int32_t integers[] = {-7, 0, 1000, 3};
    bm_encode(&space, BM_ONE_HOT, 2, integers, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)integers[i]);
    }
}
END_TEST

START_TEST(bytes_are_scaled) {
    bm_space space = bm_space_box(BM_U8, 4, NULL, NULL);
    space.scale = 1.0 / 255;
    const uint8_t bytes[] = {0, 255, 51, 128};
    const double want[] = {0, 1, 0.2, 128.0 / 255};
    bm_real features[4];
    bm_encode(&space, BM_ONE_HOT, 1, bytes, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(fabs((double)features[i] - want[i]) < 1e-7);
    }
}
END_TEST

/* The first number lies between 1 and 5: middle 3, half width 2. The second has no upper bound. */
START_TEST(chosen_numbers_are_in_units_of_a_bounded_box) {
    const double low[2] = {1, 0}, high[2] = {5, INFINITY};
    const bm_space space = bm_space_box(BM_F32, 2, low, high);
    const bm_real chosen[] = {0, 7.5, -1, -7.5, 0.25, 0, 1.5, 1, -40, 2, NAN, 3};
    const float want[] = {3, 7.5F, 1, -7.5F, 3.5F, 0, 5, 1, 1, 2};
    float action[12];
    bm_decode_actions(&space, 6, chosen, action);
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(action[i] == want[i], "%d: %g", i, (double)action[i]);
    }
    ck_assert(isnan(action[10]) && action[11] == 3);
}
END_TEST

START_TEST(chosen_integers_are_taken_as_they_are) {
    const int32_t chosen[] = {1, 2, 0, 0, 1, 0};
    int32_t action[6];
    bm_decode_actions(&several, 2, chosen, action);
    ck_assert_mem_eq(action, chosen, sizeof chosen);
}
END_TEST

TEST_MAIN("encode", 10, an_integer_becomes_one_hot, integers_of_different_sizes_become_one_hot_in_blocks,
          integers_for_an_embedding_stay_integers, boxes_keep_their_numbers, bytes_are_scaled,
          chosen_numbers_are_in_units_of_a_bounded_box, chosen_integers_are_taken_as_they_are)
