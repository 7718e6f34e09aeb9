/* Observations as network inputs, and what a policy chose as actions. */
#include "envs/encode.h"

#include <math.h>

#include "support.h"

START_TEST(integers_become_one_hot) {
    const bm_space space = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = 3};
    const int32_t observation[] = {2, 0};
    bm_real features[6] = {9, 9, 9, 9, 9, 9};
    ck_assert_int_eq(bm_space_features(&space), 3);
    ck_assert_uint_eq(bm_space_bytes(&space), 4);
    bm_encode(&space, 2, observation, features);
    const bm_real want[] = {0, 0, 1, 1, 0, 0};
    ck_assert_mem_eq(features, want, sizeof want);
}
END_TEST

START_TEST(several_integers_become_one_hot_side_by_side) {
    const bm_space space = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {2}, .size = 2, .n = 2};
    const int32_t observation[] = {1, 0, 1, 1};
    bm_real features[8];
    ck_assert_int_eq(bm_space_features(&space), 4);
    bm_encode(&space, 2, observation, features);
    const bm_real want[] = {0, 1, 1, 0, 0, 1, 0, 1};
    ck_assert_mem_eq(features, want, sizeof want);
}
END_TEST

START_TEST(boxes_keep_their_numbers) {
    bm_space space = {.kind = BM_BOX, .dtype = BM_F32, .dims = 2, .shape = {1, 2}, .size = 2};
    const float floats[] = {-1.5F, 2.25F, 0, 1e30F};
    bm_real features[4];
    ck_assert_int_eq(bm_space_features(&space), 2);
    ck_assert_uint_eq(bm_space_bytes(&space), 8);
    bm_encode(&space, 2, floats, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)floats[i]);
    }
    space.dtype = BM_U8;
    const uint8_t bytes[] = {0, 255, 1, 128};
    ck_assert_uint_eq(bm_space_bytes(&space), 2);
    bm_encode(&space, 2, bytes, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)bytes[i]);
    }
    space.dtype = BM_I32;
    const int32_t integers[] = {-7, 0, 1000, 3};
    bm_encode(&space, 2, integers, features);
    for (int i = 0; i < 4; i++) {
        ck_assert(features[i] == (bm_real)integers[i]);
    }
}
END_TEST

/* The first number lies between 1 and 5: middle 3, half width 2. The second has no upper bound. */
START_TEST(chosen_numbers_are_in_units_of_a_bounded_box) {
    const double low[2] = {1, 0}, high[2] = {5, INFINITY};
    const bm_space space = {
        .kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {2}, .size = 2, .low = low, .high = high};
    const bm_real chosen[] = {0, 7.5, -1, -7.5, 0.25, 0, 1.5, 1, -40, 2, NAN, 3};
    const float want[] = {3, 7.5F, 1, -7.5F, 3.5F, 0, 5, 1, 1, 2};
    float action[12];
    bm_decode_actions(&space, 6, chosen, NULL, action);
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(action[i] == want[i], "%d: %g", i, (double)action[i]);
    }
    ck_assert(isnan(action[10]) && action[11] == 3);
}
END_TEST

START_TEST(chosen_integers_are_taken_as_they_are) {
    const bm_space space = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {2}, .size = 2, .n = 9};
    const int32_t chosen[] = {8, 0, 3, 5};
    int32_t index[4];
    bm_decode_actions(&space, 2, chosen, index, NULL);
    ck_assert_mem_eq(index, chosen, sizeof chosen);
}
END_TEST

TEST_MAIN("encode", 10, integers_become_one_hot, several_integers_become_one_hot_side_by_side, boxes_keep_their_numbers,
          chosen_numbers_are_in_units_of_a_bounded_box, chosen_integers_are_taken_as_they_are)
