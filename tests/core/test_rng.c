/* Children of a seed, and draws of 32 and of 64 bits in turn. NumPy's own numbers are in tests/golden/rng. */
#include "core/rng.h"

#include <stdint.h>

#include "support.h"

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

START_TEST(a_64_bit_draw_leaves_the_buffered_half_alone) {
    bm_rng rng = bm_rng_seeded(6), twin = bm_rng_seeded(6);
    const uint64_t first = bm_rng_uint64(&twin), second = bm_rng_uint64(&twin);
    ck_assert_uint_eq(bm_rng_uint32(&rng), first & UINT32_MAX);
    ck_assert_uint_eq(bm_rng_uint64(&rng), second);
    ck_assert_uint_eq(bm_rng_uint32(&rng), first >> 32);
}
END_TEST

TEST_MAIN("rng", 60, the_children_spawned_are_the_children_by_number,
          children_deeper_than_a_spawn_key_still_have_streams_of_their_own,
          a_64_bit_draw_leaves_the_buffered_half_alone)
