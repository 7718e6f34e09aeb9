/* Files are replaced whole or not at all; CRC-32C has its published values. */
#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

/* The source once more under another name, for its portable path, which this machine might never take. */
#define bm_crc32c crc32c_with_both_paths
uint32_t crc32c_with_both_paths(uint32_t crc, const void *data, size_t bytes);
#include "core/crc32c.c"
#undef bm_crc32c

static bm_error error;

typedef struct {
    char folder[SCRATCH_BYTES], file[96], temporary[96];
} scratch;

static scratch scratch_new(void) {
    scratch s;
    scratch_make(s.folder);
    snprintf(s.file, sizeof s.file, "%s/model", s.folder);
    snprintf(s.temporary, sizeof s.temporary, "%s/model.tmp", s.folder);
    return s;
}

static void scratch_end(const scratch *s) {
    scratch_remove(s->folder, (const char *const[]){"model", "model.tmp", NULL});
}

static void assert_contains(const char *path, const char *wanted) {
    bm_arena arena = {0};
    char *data;
    size_t bytes;
    ck_assert_msg(bm_read_file(path, 1000, &arena, &data, &bytes, &error) == BM_OK, "%s", error.text);
    ck_assert_uint_eq(bytes, strlen(wanted));
    ck_assert_str_eq(data, wanted); /* needs the 0 byte at the end */
    bm_arena_free(&arena);
}

static void assert_says(const char *first, const char *second) {
    ck_assert_msg(strstr(error.text, first) && strstr(error.text, second), "'%s' lacks '%s' or '%s'", error.text, first,
                  second);
}

START_TEST(new_version_replaces_the_old_one_and_leaves_nothing_behind) {
    const scratch s = scratch_new();
    ck_assert_int_eq(bm_write_file(s.file, "old", 3, &error), BM_OK);
    ck_assert_int_eq(bm_write_file(s.file, "new one", 7, &error), BM_OK);
    assert_contains(s.file, "new one");
    ck_assert(!bm_path_exists(s.temporary));
    scratch_end(&s);
}
END_TEST

START_TEST(old_version_stays_until_commit_and_after_abandon) {
    const scratch s = scratch_new();
    ck_assert_int_eq(bm_write_file(s.file, "old", 3, &error), BM_OK);
    bm_writer *writer;
    ck_assert_int_eq(bm_writer_open(&writer, s.file, &error), BM_OK);
    bm_writer_put(writer, "new", 3);
    assert_contains(s.file, "old");
    ck_assert(bm_path_exists(s.temporary));
    bm_writer_abandon(writer);
    assert_contains(s.file, "old");
    ck_assert(!bm_path_exists(s.temporary));
    scratch_end(&s);
}
END_TEST

START_TEST(pieces_are_joined_across_the_buffer) {
    const scratch s = scratch_new();
    enum { PIECE = 7, PIECES = 10000 };
    bm_writer *writer;
    ck_assert_int_eq(bm_writer_open(&writer, s.file, &error), BM_OK);
    for (int i = 0; i < PIECES; i++) {
        char piece[PIECE + 10];
        snprintf(piece, sizeof piece, "%07d", i);
        bm_writer_put(writer, piece, PIECE);
    }
    ck_assert_int_eq(bm_writer_commit(writer, &error), BM_OK);
    bm_arena arena = {0};
    char *data;
    size_t bytes;
    ck_assert_int_eq(bm_read_file(s.file, PIECE * PIECES, &arena, &data, &bytes, &error), BM_OK);
    ck_assert_uint_eq(bytes, PIECE * PIECES);
    for (int i = 0; i < PIECES; i++) {
        char piece[PIECE + 1] = {0};
        memcpy(piece, data + i * PIECE, PIECE);
        ck_assert_int_eq((int)strtol(piece, NULL, 10), i);
    }
    bm_arena_free(&arena);
    scratch_end(&s);
}
END_TEST

START_TEST(full_disk_keeps_the_old_version) {
    const scratch s = scratch_new();
    ck_assert_int_eq(bm_write_file(s.file, "old", 3, &error), BM_OK);
    char *large = calloc(1, 100000);
    limit_file_size(50000);
    const bm_status status = bm_write_file(s.file, large, 100000, &error);
    limit_file_size(-1);
    free(large);
    ck_assert_int_eq(status, BM_FAILED);
    assert_says(s.file, strerror(EFBIG));
    assert_contains(s.file, "old");
    ck_assert(!bm_path_exists(s.temporary));
    scratch_end(&s);
}
END_TEST

START_TEST(target_that_cannot_be_replaced_leaves_no_temporary_file) {
    const scratch s = scratch_new();
    ck_assert_int_eq(mkdir(s.file, 0777), 0);
    ck_assert_int_eq(bm_write_file(s.file, "new", 3, &error), BM_FAILED);
    assert_says(s.file, strerror(EISDIR));
    ck_assert(!bm_path_exists(s.temporary));
    scratch_end(&s);
}
END_TEST

START_TEST(read_only_folder_keeps_the_old_version) {
    const scratch s = scratch_new();
    ck_assert_int_eq(bm_write_file(s.file, "old", 3, &error), BM_OK);
    ck_assert_int_eq(chmod(s.folder, 0555), 0);
    const bool root = geteuid() == 0; /* whom permissions do not stop */
    if (root) {
        ck_assert_int_eq(seteuid(65534), 0);
    }
    const bm_status status = bm_write_file(s.file, "new", 3, &error);
    if (root) {
        ck_assert_int_eq(seteuid(0), 0);
    }
    ck_assert_int_eq(status, BM_FAILED);
    assert_says(s.file, strerror(EACCES));
    assert_contains(s.file, "old");
    chmod(s.folder, 0755);
    scratch_end(&s);
}
END_TEST

START_TEST(missing_folder_is_told_with_path_and_reason) {
    bm_writer *writer;
    ck_assert_int_eq(bm_writer_open(&writer, "/nonexistent/folder/file", &error), BM_FAILED);
    ck_assert_ptr_null(writer);
    ck_assert_str_eq(error.text, "cannot write /nonexistent/folder/file: No such file or directory");
    bm_arena arena = {0};
    char *data;
    size_t bytes;
    ck_assert_int_eq(bm_read_file("/nonexistent/file", 10, &arena, &data, &bytes, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "cannot read /nonexistent/file: No such file or directory");
}
END_TEST

START_TEST(reading_refuses_large_files_folders_and_pipes) {
    const scratch s = scratch_new();
    bm_arena arena = {0};
    char *data;
    size_t bytes;
    ck_assert_int_eq(bm_write_file(s.file, "12345", 5, &error), BM_OK);
    ck_assert_int_eq(bm_read_file(s.file, 5, &arena, &data, &bytes, &error), BM_OK);
    ck_assert_int_eq(bm_read_file(s.file, 4, &arena, &data, &bytes, &error), BM_FAILED);
    assert_says(s.file, "5 bytes");
    ck_assert_int_eq(bm_read_file(s.folder, 5, &arena, &data, &bytes, &error), BM_FAILED);
    assert_says(s.folder, strerror(EISDIR));
    ck_assert_int_eq(mkfifo(s.temporary, 0600), 0);
    ck_assert_int_eq(bm_read_file(s.temporary, 5, &arena, &data, &bytes, &error), BM_FAILED);
    assert_says(s.temporary, "not a plain file");
    bm_arena_free(&arena);
    scratch_end(&s);
}
END_TEST

START_TEST(folders_are_made_with_their_parents) {
    const scratch s = scratch_new();
    char path[128];
    snprintf(path, sizeof path, "%s//a/b/", s.folder);
    ck_assert_msg(bm_make_folders(path, &error) == BM_OK, "%s", error.text);
    ck_assert_int_eq(bm_make_folders(path, &error), BM_OK);
    ck_assert_int_eq(bm_make_folders("/", &error), BM_OK);
    ck_assert(bm_path_exists(path));
    ck_assert_int_eq(bm_make_folders("", &error), BM_FAILED);
    ck_assert_int_eq(bm_write_file(s.file, "", 0, &error), BM_OK);
    snprintf(path, sizeof path, "%s/b", s.file);
    ck_assert_int_eq(bm_make_folders(path, &error), BM_FAILED); /* below a file */
    assert_says(s.file, strerror(EEXIST));
    snprintf(path, sizeof path, "%s/a/b", s.folder);
    rmdir(path);
    snprintf(path, sizeof path, "%s/a", s.folder);
    rmdir(path);
    scratch_end(&s);
}
END_TEST

/* RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms. */
START_TEST(crc32c_has_its_published_values) {
    unsigned char zeros[32] = {0}, ones[32], rising[32];
    memset(ones, 0xff, sizeof ones);
    for (size_t i = 0; i < sizeof rising; i++) {
        rising[i] = (unsigned char)i;
    }
    ck_assert_uint_eq(bm_crc32c(0, "123456789", 9), 0xe3069283u);
    ck_assert_uint_eq(bm_crc32c(0, zeros, 32), 0x8a9136aau);
    ck_assert_uint_eq(bm_crc32c(0, ones, 32), 0x62a8ab43u);
    ck_assert_uint_eq(bm_crc32c(0, rising, 32), 0x46dd794eu);
    ck_assert_uint_eq(bm_crc32c(0, "", 0), 0);
    ck_assert_uint_eq(~portable(~0u, (const unsigned char *)"123456789", 9), 0xe3069283u);
    ck_assert_uint_eq(~portable(~0u, rising, 32), 0x46dd794eu);
}
END_TEST

static uint32_t crc32c_by_definition(const unsigned char *byte, size_t n) { /* one bit at a time */
    uint32_t state = ~0u;
    for (size_t i = 0; i < n; i++) {
        state ^= byte[i];
        for (int bit = 0; bit < 8; bit++) {
            state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0);
        }
    }
    return ~state;
}

START_TEST(crc32c_agrees_with_its_definition_at_every_length_and_alignment) {
    unsigned char byte[256];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof byte; i++) {
        random = random * 1664525u + 1013904223u;
        byte[i] = (unsigned char)(random >> 24);
    }
    for (size_t start = 0; start < 9; start++) {
        for (size_t n = 0; n <= 200; n++) {
            const uint32_t wanted = crc32c_by_definition(byte + start, n);
            ck_assert_uint_eq(bm_crc32c(0, byte + start, n), wanted);
            ck_assert_uint_eq(~portable(~0u, byte + start, n), wanted);
            ck_assert_uint_eq(bm_crc32c(bm_crc32c(0, byte + start, n / 3), byte + start + n / 3, n - n / 3), wanted);
        }
    }
}
END_TEST

START_TEST(pipes_and_devices_are_written_not_replaced) {
    char folder[SCRATCH_BYTES], path[96], got[8] = "";
    struct stat status;
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert(mkfifo(path, 0600) == 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert(reader >= 0);
    ck_assert(bm_write_file(path, "hello", 5, &error) == BM_OK);
    ck_assert(read(reader, got, sizeof got) == 5 && memcmp(got, "hello", 5) == 0);
    ck_assert(stat(path, &status) == 0 && S_ISFIFO(status.st_mode));
    close(reader);
    scratch_remove(folder, (const char *const[]){"pipe", NULL});
}
END_TEST

START_TEST(lines_are_cut_with_their_carriage_returns) {
    char text[] = "one\r\n\ntwo\r,\n\rthree\r\r";
    const char *const lines[] = {"one", "", "two\r,", "\rthree"};
    char *next = text;
    for (int i = 0; i < 4; i++) {
        char *line = next;
        next = bm_cut_line(line);
        ck_assert_str_eq(line, lines[i]);
    }
    ck_assert_ptr_eq(next, text + sizeof text - 1);
    ck_assert_ptr_eq(bm_cut_line(next), next);
}
END_TEST

TEST_MAIN("io", 20, new_version_replaces_the_old_one_and_leaves_nothing_behind,
          old_version_stays_until_commit_and_after_abandon, pieces_are_joined_across_the_buffer,
          full_disk_keeps_the_old_version, target_that_cannot_be_replaced_leaves_no_temporary_file,
          read_only_folder_keeps_the_old_version, pipes_and_devices_are_written_not_replaced,
          missing_folder_is_told_with_path_and_reason, reading_refuses_large_files_folders_and_pipes,
          folders_are_made_with_their_parents, crc32c_has_its_published_values,
          crc32c_agrees_with_its_definition_at_every_length_and_alignment, lines_are_cut_with_their_carriage_returns)
