/* The replay buffer's file: exact after a round trip, whole after an interrupted save, refused when damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/replay.h"
#include "support.h"

enum { CAPACITY = 100, ROW_BYTES = 2 * 2 * 4 + 4 + 4 + 1 };

static const bm_space observation_space = {.kind = BM_BOX, .dtype = BM_F32, .dims = 1, .shape = {2}, .size = 2};
static const bm_space discrete = {.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = 5};

/* A buffer, its file in a folder of its own, and a second buffer to load into. */
typedef struct {
    bm_arena arena;
    bm_replay replay, loaded;
    bm_replay_file file;
    bm_error error;
    char folder[SCRATCH_BYTES];
} fixture;

static fixture begin(void) {
    fixture f = {.folder = ""};
    scratch_make(f.folder);
    ck_assert_int_eq(bm_replay_create(&f.replay, &observation_space, &discrete, false, CAPACITY, &f.arena, &f.error),
                     BM_OK);
    ck_assert_int_eq(bm_replay_create(&f.loaded, &observation_space, &discrete, false, CAPACITY, &f.arena, &f.error),
                     BM_OK);
    return f;
}

static void path_of(const fixture *f, const char *name, char path[160]) {
    snprintf(path, 160, "%s/%s", f->folder, name);
}

static void end(fixture *f) {
    scratch_remove(f->folder, (const char *const[]){"replay-0.bin", "replay-1.bin", NULL});
    bm_arena_free(&f->arena);
}

static void add(fixture *f, int count) {
    for (int i = 0; i < count; i++) {
        const int32_t k = (int32_t)f->replay.added;
        const float observation[2] = {(float)k, 0.5f * (float)k}, next[2] = {(float)k + 1, 0.5f * (float)k + 0.5f};
        bm_replay_add(&f->replay, &(bm_transition){.observation = observation,
                                                   .action = &k,
                                                   .reward = -(float)k,
                                                   .next_observation = next,
                                                   .ending = k % 7 == 0 ? BM_TERMINATED : BM_CONTINUES});
    }
}

static void save(fixture *f) {
    const bm_status status = bm_replay_save(&f->replay, f->folder, &f->file, &f->error);
    ck_assert_msg(status == BM_OK, "%s", f->error.text);
}

static void assert_loads_exactly(fixture *f) {
    const bm_status status = bm_replay_load(&f->loaded, f->folder, &f->file, &f->error);
    ck_assert_msg(status == BM_OK, "%s", f->error.text);
    ck_assert_int_eq(f->loaded.added, f->replay.added);
    ck_assert_uint_eq(bm_replay_hash(&f->loaded, 1), bm_replay_hash(&f->replay, 1));
}

static void assert_refused(fixture *f, const char *because) {
    f->loaded.added = 12;
    ck_assert_int_eq(bm_replay_load(&f->loaded, f->folder, &f->file, &f->error), BM_FAILED);
    ck_assert_msg(strstr(f->error.text, because) != NULL, "%s", f->error.text);
    ck_assert_int_eq(f->loaded.added, 0);
}

static long size_of(const fixture *f, const char *name) {
    struct stat status;
    char path[160];
    path_of(f, name, path);
    return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static void append_garbage(const fixture *f, const char *name, size_t bytes) {
    char path[160];
    path_of(f, name, path);
    FILE *file = fopen(path, "ab");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < bytes; i++) {
        ck_assert_int_ne(fputc('x', file), EOF);
    }
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(an_empty_buffer_survives) {
    fixture f = begin();
    save(&f);
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(a_save_appends_only_what_is_new) {
    fixture f = begin();
    add(&f, 30);
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-0.bin");
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 30 * ROW_BYTES);
    assert_loads_exactly(&f);
    add(&f, 5);
    save(&f);
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 35 * ROW_BYTES);
    assert_loads_exactly(&f);
    save(&f);
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 35 * ROW_BYTES);
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(position_and_content_are_exact_after_wrapping_around) {
    fixture f = begin();
    for (int saves = 0; saves < 12; saves++) {
        add(&f, 37);
        save(&f);
        assert_loads_exactly(&f);
        add(&f, 1); /* what is added next must land on the same place */
        const float observation[2] = {(float)f.loaded.added, 0.5f * (float)f.loaded.added};
        const float next[2] = {(float)f.loaded.added + 1, 0.5f * (float)f.loaded.added + 0.5f};
        const int32_t k = (int32_t)f.loaded.added;
        bm_replay_add(&f.loaded, &(bm_transition){.observation = observation,
                                                  .action = &k,
                                                  .reward = -(float)k,
                                                  .next_observation = next,
                                                  .ending = k % 7 == 0 ? BM_TERMINATED : BM_CONTINUES});
        ck_assert_uint_eq(bm_replay_hash(&f.loaded, 1), bm_replay_hash(&f.replay, 1));
    }
    end(&f);
}
END_TEST

START_TEST(beyond_two_capacities_a_new_file_leaves_the_old_one_whole) {
    fixture f = begin();
    add(&f, 100);
    save(&f);
    add(&f, 100);
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-0.bin");
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 200 * ROW_BYTES);
    const bm_replay_file previous = f.file;
    const uint64_t previous_hash = bm_replay_hash(&f.replay, 1);
    add(&f, 1);
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-1.bin");
    ck_assert_int_eq(size_of(&f, "replay-1.bin"), CAPACITY * ROW_BYTES);
    assert_loads_exactly(&f);
    ck_assert_int_eq(bm_replay_load(&f.loaded, f.folder, &previous, &f.error), BM_OK);
    ck_assert_uint_eq(bm_replay_hash(&f.loaded, 1), previous_hash);
    add(&f, 101);
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-0.bin");
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(rows_overwritten_before_they_were_saved_begin_a_new_file) {
    fixture f = begin();
    add(&f, 10);
    save(&f);
    add(&f, 111); /* transitions 10 to 20 are gone, and the file would still be below two capacities */
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-1.bin");
    ck_assert_int_eq(f.file.first, 21);
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(the_remains_of_an_interrupted_save_are_cut_off) {
    fixture f = begin();
    add(&f, 30);
    save(&f);
    append_garbage(&f, "replay-0.bin", 3 * ROW_BYTES + 5);
    assert_loads_exactly(&f);
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 30 * ROW_BYTES);
    append_garbage(&f, "replay-0.bin", 4 * ROW_BYTES); /* and by a save that goes on from there */
    add(&f, 2);
    save(&f);
    ck_assert_int_eq(size_of(&f, "replay-0.bin"), 32 * ROW_BYTES);
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(an_older_checkpoint_of_the_same_file_loads_its_own_rows) {
    fixture f = begin();
    add(&f, 130);
    save(&f);
    const bm_replay_file older = f.file;
    const uint64_t hash = bm_replay_hash(&f.replay, 1);
    add(&f, 40);
    save(&f);
    ck_assert_str_eq(f.file.name, older.name);
    ck_assert_int_eq(bm_replay_load(&f.loaded, f.folder, &older, &f.error), BM_OK);
    ck_assert_uint_eq(bm_replay_hash(&f.loaded, 1), hash);
    assert_refused(&f, "holds");
    end(&f);
}
END_TEST

START_TEST(a_flipped_bit_is_refused) {
    fixture f = begin();
    add(&f, 50);
    save(&f);
    char path[160];
    path_of(&f, f.file.name, path);
    static const long places[] = {0, 17 * ROW_BYTES + 3, 50 * ROW_BYTES - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (int times = 0; times < 2; times++) { /* flip, and flip back */
            FILE *file = fopen(path, "r+b");
            ck_assert_ptr_nonnull(file);
            ck_assert_int_eq(fseek(file, places[i], SEEK_SET), 0);
            const int byte = fgetc(file);
            ck_assert_int_eq(fseek(file, places[i], SEEK_SET), 0);
            ck_assert_int_ne(fputc(byte ^ 4, file), EOF);
            ck_assert_int_eq(fclose(file), 0);
            if (times == 0) {
                append_garbage(&f, f.file.name, 7);
                assert_refused(&f, "CRC");
                ck_assert_int_eq(size_of(&f, f.file.name), 50 * ROW_BYTES + 7);
                ck_assert_int_eq(truncate(path, 50 * ROW_BYTES), 0);
            }
        }
        assert_loads_exactly(&f);
    }
    end(&f);
}
END_TEST

START_TEST(a_missing_or_shorter_file_is_refused_and_replaced_by_the_next_save) {
    fixture f = begin();
    add(&f, 50);
    save(&f);
    char path[160];
    path_of(&f, f.file.name, path);
    ck_assert_int_eq(truncate(path, 50 * ROW_BYTES - 1), 0);
    assert_refused(&f, "holds 49 transitions");
    ck_assert_int_eq(unlink(path), 0);
    assert_refused(&f, "cannot open");
    add(&f, 3);
    save(&f);
    ck_assert_str_eq(f.file.name, "replay-1.bin");
    assert_loads_exactly(&f);
    end(&f);
}
END_TEST

START_TEST(a_description_that_cannot_be_true_is_refused) {
    fixture f = begin();
    add(&f, 50);
    save(&f);
    const bm_replay_file good = f.file;
    f.file.first = 60;
    assert_refused(&f, "does not describe");
    f.file = good;
    f.file.first = 10; /* fewer rows than the ring held */
    assert_refused(&f, "buffer_size");
    f.file = good;
    f.file.end = INT64_MAX;
    assert_refused(&f, "holds 50 transitions");
    f.file = good;
    snprintf(f.file.name, sizeof f.file.name, "../replay-0.bin");
    assert_refused(&f, "does not describe");
    memset(f.file.name, 'a', sizeof f.file.name);
    assert_refused(&f, "does not describe");
    f.file = (bm_replay_file){.name = ""};
    assert_refused(&f, "does not describe");
    end(&f);
}
END_TEST

START_TEST(a_save_that_fails_leaves_the_description_alone) {
    fixture f = begin();
    add(&f, 50);
    save(&f);
    const bm_replay_file before = f.file;
    add(&f, 500);
    ck_assert_int_eq(bm_replay_save(&f.replay, "/nonexistent", &f.file, &f.error), BM_FAILED);
    ck_assert_ptr_nonnull(strstr(f.error.text, "/nonexistent/replay-1.bin"));
    ck_assert_mem_eq(&f.file, &before, sizeof before);
    end(&f);
}
END_TEST

TEST_MAIN("replay file", 60, an_empty_buffer_survives, a_save_appends_only_what_is_new,
          position_and_content_are_exact_after_wrapping_around,
          beyond_two_capacities_a_new_file_leaves_the_old_one_whole,
          rows_overwritten_before_they_were_saved_begin_a_new_file, the_remains_of_an_interrupted_save_are_cut_off,
          an_older_checkpoint_of_the_same_file_loads_its_own_rows, a_flipped_bit_is_refused,
          a_missing_or_shorter_file_is_refused_and_replaced_by_the_next_save,
          a_description_that_cannot_be_true_is_refused, a_save_that_fails_leaves_the_description_alone)
