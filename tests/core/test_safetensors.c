/* What is saved comes back; what is damaged, cut short or hostile is refused with a reason. */
#include "core/safetensors.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"
#include "support.h"

static bm_error error;

/* An object with arrays of several types and shapes; the single byte puts what follows it out of alignment. */
typedef struct {
    float kernel[2][3];
    uint8_t flag;
    double mean[3];
    int64_t step;
    uint64_t seed[2];
    int32_t action[2];
} object;

static const object example = {
    .kernel = {{1, -2, 3.5f}, {0, 1e-30f, 6}},
    .flag = 200,
    .mean = {0.1, -1e300, 3},
    .step = -5,
    .seed = {UINT64_MAX, 7},
    .action = {INT32_MIN, 8},
};

static bm_state describe(object *o) {
    bm_state state = {0};
    bm_state_enter(&state, "net");
    bm_state_matrix(&state, "kernel", BM_F32, o->kernel, 2, 3);
    bm_state_leave(&state);
    bm_state_scalar(&state, "flag", BM_U8, &o->flag);
    bm_state_vector(&state, "mean", BM_F64, o->mean, 3);
    bm_state_vector(&state, "none", BM_F32, NULL, 0);
    bm_state_scalar(&state, "step", BM_I64, &o->step);
    bm_state_vector(&state, "seed", BM_U64, o->seed, 2);
    bm_state_vector(&state, "action", BM_I32, o->action, 2);
    return state;
}

enum { DATA_BYTES = 24 + 1 + 24 + 8 + 16 + 8 };

static void assert_equal(const object *a, const object *b) {
    ck_assert_mem_eq(a->kernel, b->kernel, sizeof a->kernel);
    ck_assert_mem_eq(a->mean, b->mean, sizeof a->mean);
    ck_assert_mem_eq(a->seed, b->seed, sizeof a->seed);
    ck_assert_mem_eq(a->action, b->action, sizeof a->action);
    ck_assert_int_eq(a->flag, b->flag);
    ck_assert_int_eq(a->step, b->step);
}

typedef struct {
    char folder[SCRATCH_BYTES], path[96];
} scratch;

static scratch scratch_new(void) {
    scratch s;
    scratch_make(s.folder);
    snprintf(s.path, sizeof s.path, "%s/model", s.folder);
    return s;
}

static void scratch_end(const scratch *s) {
    scratch_remove(s->folder, (const char *const[]){"model", NULL});
}

static void assert_saved(const char *path, const object *o, const cJSON *metadata) {
    object copy = *o;
    bm_state state = describe(&copy);
    ck_assert_msg(bm_safetensors_save(path, &state, metadata, &error) == BM_OK, "%s", error.text);
    bm_state_free(&state);
}

/* Without the care of bm_write_file. Thousands of variants are made by changing bytes in place: writing a file anew may
 * flush the disk. */
static void put_file(const char *path, const void *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
}

static void put_byte(int fd, size_t at, int value) {
    const unsigned char byte = (unsigned char)value;
    ck_assert_int_eq((int)pwrite(fd, &byte, 1, (off_t)at), 1);
}

static unsigned char *get_file(const char *path, size_t *count) { /* free() it */
    bm_arena arena = {0};
    char *bytes;
    ck_assert_int_eq(bm_read_file(path, 1 << 20, &arena, &bytes, count, &error), BM_OK);
    unsigned char *copy = malloc(*count + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, *count);
    bm_arena_free(&arena);
    return copy;
}

START_TEST(saved_object_comes_back) {
    const scratch s = scratch_new();
    cJSON *metadata = cJSON_CreateObject();
    cJSON_AddStringToObject(metadata, "agent", "dqn \"quoted\"\n");
    cJSON_AddStringToObject(metadata, "crc32c", "stale");
    assert_saved(s.path, &example, metadata);
    cJSON_Delete(metadata);

    bm_safetensors file;
    ck_assert_msg(bm_safetensors_load(s.path, false, &file, &error) == BM_OK, "%s", error.text);
    ck_assert_str_eq(cJSON_GetObjectItem(file.metadata, "agent")->valuestring, "dqn \"quoted\"\n");
    ck_assert_uint_eq(file.state.count, 7);
    for (size_t i = 0; i < file.state.count; i++) {
        const bm_array *array = &file.state.items[i];
        ck_assert_uint_eq((uintptr_t)array->data % bm_dtype_bytes(array->dtype), 0);
    }
    object restored = {0};
    bm_state target = describe(&restored);
    ck_assert_uint_ne(bm_state_hash(&file.state, 1), bm_state_hash(&target, 1));
    ck_assert_int_eq(bm_safetensors_restore(&file, &target, &error), BM_OK);
    assert_equal(&restored, &example);
    ck_assert_uint_eq(bm_state_hash(&file.state, 1), bm_state_hash(&target, 1));
    bm_state_free(&target);
    bm_safetensors_free(&file);
    scratch_end(&s);
}
END_TEST

/* Two arrays by hand; the header's checksum is taken with its own digits 0, as the header file says. */
START_TEST(file_is_laid_out_as_the_format_says) {
    const scratch s = scratch_new();
    float pair[2] = {1, -2};
    uint8_t byte = 9;
    bm_state state = {0};
    bm_state_vector(&state, "w", BM_F32, pair, 2);
    bm_state_scalar(&state, "b", BM_U8, &byte);
    ck_assert_int_eq(bm_safetensors_save(s.path, &state, NULL, &error), BM_OK);
    bm_state_free(&state);

    const unsigned char data[9] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 9};
    char wanted[1024], padded[1024];
    const char *text = "{\"__metadata__\":{\"header_crc32c\":\"%08x\",\"crc32c\":\"%08x\"},"
                       "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                       "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]}}";
    const uint32_t data_crc = bm_crc32c(0, data, sizeof data);
    snprintf(wanted, sizeof wanted, text, 0u, data_crc);
    const size_t header_bytes = (strlen(wanted) + 8 + 63) / 64 * 64 - 8;
    snprintf(padded, sizeof padded, "%-*s", (int)header_bytes, wanted);
    snprintf(wanted, sizeof wanted, text, bm_crc32c(0, padded, header_bytes), data_crc);
    snprintf(padded, sizeof padded, "%-*s", (int)header_bytes, wanted);

    size_t count;
    unsigned char *file = get_file(s.path, &count);
    ck_assert_uint_eq(count, 8 + header_bytes + sizeof data);
    const unsigned char length[8] = {(unsigned char)(header_bytes & 255), (unsigned char)(header_bytes >> 8)};
    ck_assert_mem_eq(file, length, 8);
    ck_assert_mem_eq(file + 8, padded, header_bytes);
    ck_assert_mem_eq(file + 8 + header_bytes, data, sizeof data);
    free(file);
    scratch_end(&s);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed) {
    const scratch s = scratch_new();
    assert_saved(s.path, &example, NULL);
    size_t count;
    unsigned char *bytes = get_file(s.path, &count);
    ck_assert_uint_gt(count, DATA_BYTES + 400);
    const int fd = open(s.path, O_WRONLY);
    bm_safetensors file;
    for (size_t i = 0; i < count; i++) {
        for (int change = 0; change < 9; change++) {
            put_byte(fd, i, bytes[i] ^ (change < 8 ? 1 << change : 0xff));
            error.text[0] = '\0';
            const bm_status status = bm_safetensors_load(s.path, false, &file, &error);
            ck_assert_msg(status == BM_FAILED, "byte %zu, change %d", i, change);
            ck_assert_msg(strstr(error.text, s.path) != NULL, "'%s'", error.text);
        }
        put_byte(fd, i, bytes[i]);
    }
    close(fd);
    ck_assert_int_eq(bm_safetensors_load(s.path, false, &file, &error), BM_OK);
    bm_safetensors_free(&file);
    free(bytes);
    scratch_end(&s);
}
END_TEST

START_TEST(every_other_length_is_refused) {
    const scratch s = scratch_new();
    assert_saved(s.path, &example, NULL);
    size_t count;
    free(get_file(s.path, &count));
    for (size_t n = count + 2; n-- > 0;) { /* first a 0 byte longer */
        ck_assert_int_eq(truncate(s.path, (off_t)n), 0);
        for (int foreign = 0; foreign < 2; foreign++) {
            bm_safetensors file;
            const bm_status status = bm_safetensors_load(s.path, foreign, &file, &error);
            ck_assert_msg(status == (n == count ? BM_OK : BM_FAILED), "%zu of %zu bytes", n, count);
            bm_safetensors_free(&file); /* after a failure it is empty, and freeing is harmless */
        }
    }
    scratch_end(&s);
}
END_TEST

static void put_tensors(const char *path, const char *header, size_t data_bytes) { /* data: 0, 1, 2, ... */
    unsigned char file[4096] = {0};
    const size_t length = strlen(header);
    file[0] = (unsigned char)(length & 255);
    file[1] = (unsigned char)(length >> 8);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < data_bytes; i++) {
        file[8 + length + i] = (unsigned char)i;
    }
    put_file(path, file, 8 + length + data_bytes);
}

/* As Python's writer may do it: no padding, other order in the header than in the data, space around. */
static const char foreign_header[] =
    "{\"late\":{\"data_offsets\":[3,7],\"dtype\":\"F32\",\"shape\":[1,1]},\n"
    " \"early\": {\"dtype\":\"U8\",\"shape\":[3], \"data_offsets\":[0,3]},\"__metadata__\":{\"format\":\"pt\"}}  ";

START_TEST(file_made_elsewhere_is_read_when_allowed) {
    const scratch s = scratch_new();
    put_tensors(s.path, foreign_header, 7);
    bm_safetensors file;
    ck_assert_int_eq(bm_safetensors_load(s.path, false, &file, &error), BM_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "no checksum"));
    ck_assert_msg(bm_safetensors_load(s.path, true, &file, &error) == BM_OK, "%s", error.text);
    ck_assert_uint_eq(file.state.count, 2);
    ck_assert_str_eq(file.state.items[0].name, "early");
    ck_assert_mem_eq(file.state.items[0].data, "\0\1\2", 3);
    const bm_array *late = bm_state_find(&file.state, "late");
    ck_assert_int_eq(late->dims, 2);
    ck_assert_mem_eq(late->data, "\3\4\5\6", 4);
    ck_assert_str_eq(cJSON_GetObjectItem(file.metadata, "format")->valuestring, "pt");
    bm_safetensors_free(&file);
    scratch_end(&s);
}
END_TEST

/* Nothing protects such a file, so a change may go unnoticed; but what is loaded lies inside what was read (under
 * AddressSanitizer, hashing everything shows it). */
START_TEST(damaged_file_made_elsewhere_is_refused_or_loads_within_bounds) {
    const scratch s = scratch_new();
    put_tensors(s.path, foreign_header, 7);
    size_t count;
    unsigned char *bytes = get_file(s.path, &count);
    const int fd = open(s.path, O_WRONLY);
    int refused = 0;
    for (size_t i = 0; i < count; i++) {
        for (int value = 0; value < 256; value++) {
            put_byte(fd, i, value);
            bm_safetensors file;
            if (bm_safetensors_load(s.path, true, &file, &error) == BM_OK) {
                size_t total = 0;
                for (size_t k = 0; k < file.state.count; k++) {
                    total += bm_array_bytes(&file.state.items[k]);
                }
                ck_assert_uint_eq(total, 7);
                bm_state_hash(&file.state, 0);
                bm_safetensors_free(&file);
            } else {
                refused++;
            }
        }
        put_byte(fd, i, bytes[i]);
    }
    close(fd);
    ck_assert_int_gt(refused, 20000);
    free(bytes);
    scratch_end(&s);
}
END_TEST

#define TENSOR(name, dtype, shape, offsets)                                                                            \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define NAME_OF_96 "012345678901234567890123456789012345678901234567012345678901234567890123456789012345678901234567"

static const struct {
    const char *header, *reason;
    size_t data_bytes;
} hostile[] = {
    {"", "not a JSON object", 0},
    {"   ", "not a JSON object", 0},
    {"[]", "not a JSON object", 0},
    {" {}", "not a JSON object", 0},
    {"{} x", "not a JSON object", 0},
    {"{\"a\":", "not a JSON object", 0},
    {"{\"1\":1,", "not a JSON object", 0}, /* cJSON up to 1.7.17 reads past the end of this */
    {"{}", "1 bytes of data instead of 0", 1},
    {"{\"a\":1}", "needs dtype, shape and data_offsets", 0},
    {"{\"a\":{}}", "needs dtype, shape and data_offsets", 0},
    {"{\"__metadata__\":3}", "__metadata__ is not an object", 0},
    {"{\"__metadata__\":{\"a\":3}}", "metadata 'a' is not a string", 0},
    {"{\"__metadata__\":{\"crc32c\":\"00000001\"}}", "crc32c 00000000 instead of 00000001", 0},
    {"{\"__metadata__\":{\"header_crc32c\":\"00000000\"}}", "header's checksum is wrong", 0},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", "needs dtype", 0},
    {"{" TENSOR("a", "F16", "[2]", "[0,4]") "}", "type 'F16'", 4},
    {"{\"a\":{\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]}}", "type ''", 4},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", "shape of tensor 'a'", 4},
    {"{" TENSOR("a", "U8", "4", "[0,4]") "}", "shape of tensor 'a'", 4},
    {"{" TENSOR("a", "U8", "[1,1,1,1,4]", "[0,4]") "}", "at most 4", 4},
    {"{" TENSOR("a", "U8", "[-4]", "[0,4]") "}", "shape of tensor 'a'", 4},
    {"{" TENSOR("a", "U8", "[3.5]", "[0,4]") "}", "shape of tensor 'a'", 4},
    {"{" TENSOR("a", "U8", "[1e300]", "[0,4]") "}", "shape of tensor 'a'", 4},
    {"{" TENSOR("a", "U8", "[\"4\"]", "[0,4]") "}", "shape of tensor 'a'", 4},
    /* 2^62 floats are 2^64 bytes, which would come round to 0 */
    {"{" TENSOR("a", "F32", "[2147483648,2147483648]", "[0,0]") "}", "shape of tensor 'a'", 0},
    {"{" TENSOR("a", "F32", "[0,9007199254740992,9007199254740992]", "[0,0]") "}", "impossible shape", 0},
    {"{" TENSOR("a", "U8", "[4]", "[0]") "}", "not two whole numbers", 4},
    {"{" TENSOR("a", "U8", "[4]", "[0,4,4]") "}", "not two whole numbers", 4},
    {"{" TENSOR("a", "U8", "[4]", "[0,\"4\"]") "}", "not two whole numbers", 4},
    {"{" TENSOR("a", "U8", "[4]", "[-1,3]") "}", "not two whole numbers", 4},
    {"{" TENSOR("a", "U8", "[4]", "[4,0]") "}", "takes 4 bytes", 4},
    {"{" TENSOR("a", "U8", "[3]", "[0,4]") "}", "takes 3 bytes", 4},
    {"{" TENSOR("a", "U8", "[4]", "[0,4]") "}", "cut short", 3},
    {"{" TENSOR("a", "U8", "[4]", "[0,4]") "}", "5 bytes of data instead of 4", 5},
    {"{" TENSOR("a", "U8", "[4]", "[1,5]") "}", "begins at byte 1 of the data instead of 0", 5},
    {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[2]", "[3,5]") "}", "'b' begins at byte 3", 5},
    {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("b", "U8", "[2]", "[5,7]") "}", "'b' begins at byte 5", 7},
    {"{" TENSOR("a", "U8", "[4]", "[0,4]") "," TENSOR("a", "U8", "[2]", "[4,6]") "}", "'a' is given twice", 6},
    {"{" TENSOR(NAME_OF_96, "U8", "[4]", "[0,4]") "}", "longer than 95", 4},
};

START_TEST(hostile_headers_are_refused_with_their_reasons) {
    const scratch s = scratch_new();
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        put_tensors(s.path, hostile[i].header, hostile[i].data_bytes);
        bm_safetensors file;
        ck_assert_msg(bm_safetensors_load(s.path, true, &file, &error) == BM_FAILED, "%s was read", hostile[i].header);
        ck_assert_msg(strstr(error.text, hostile[i].reason) && strstr(error.text, s.path), "'%s' does not say '%s'",
                      error.text, hostile[i].reason);
        ck_assert_ptr_null(file.metadata);
        ck_assert_uint_eq(file.state.count, 0);
    }
    scratch_end(&s);
}
END_TEST

START_TEST(absurd_header_length_is_refused) {
    const scratch s = scratch_new();
    static const unsigned char lengths[][8] = {
        {255, 255, 255, 255, 255, 255, 255, 255}, {0, 0, 0, 0, 0, 0, 0, 128}, {3, 0, 0, 0, 0, 0, 0, 0}};
    for (size_t i = 0; i < 3; i++) {
        unsigned char bytes[10] = {0};
        memcpy(bytes, lengths[i], 8);
        memcpy(bytes + 8, "{}", 2);
        put_file(s.path, bytes, sizeof bytes);
        bm_safetensors file;
        ck_assert_int_eq(bm_safetensors_load(s.path, true, &file, &error), BM_FAILED);
        ck_assert_ptr_nonnull(strstr(error.text, "header of"));
    }
    scratch_end(&s);
}
END_TEST

START_TEST(restore_names_what_differs_and_changes_nothing) {
    const scratch s = scratch_new();
    assert_saved(s.path, &example, NULL);
    bm_safetensors file;
    ck_assert_int_eq(bm_safetensors_load(s.path, false, &file, &error), BM_OK);

    int64_t step = 1;
    float kernel[6] = {0};
    uint64_t more = 0;
    bm_state target = {0};
    bm_state_scalar(&target, "step", BM_I64, &step);
    bm_state_matrix(&target, "net.kernel", BM_F32, kernel, 3, 2);
    ck_assert_int_eq(bm_safetensors_restore(&file, &target, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "array 'net.kernel' is F32 [2,3] in the file and F32 [3,2] here");
    target.count = 1;
    bm_state_scalar(&target, "more", BM_U64, &more);
    ck_assert_int_eq(bm_safetensors_restore(&file, &target, &error), BM_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "'more'"));
    target.count = 0;
    bm_state_scalar(&target, "step", BM_U64, &step);
    ck_assert_int_eq(bm_safetensors_restore(&file, &target, &error), BM_FAILED);
    ck_assert_int_eq(step, 1);
    target.count = 0;
    bm_state_scalar(&target, "step", BM_I64, &step); /* a part is enough */
    ck_assert_int_eq(bm_safetensors_restore(&file, &target, &error), BM_OK);
    ck_assert_int_eq(step, -5);
    bm_state_free(&target);
    bm_safetensors_free(&file);
    scratch_end(&s);
}
END_TEST

START_TEST(save_refuses_what_it_could_not_load) {
    const scratch s = scratch_new();
    object copy = example;
    bm_state state = describe(&copy);
    cJSON *metadata = cJSON_CreateObject();
    cJSON_AddNumberToObject(metadata, "steps", 5);
    ck_assert_int_eq(bm_safetensors_save(s.path, &state, metadata, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "metadata 'steps' is not a string");
    cJSON_Delete(metadata);
    bm_state_scalar(&state, "step", BM_I64, &copy.step);
    ck_assert_int_eq(bm_safetensors_save(s.path, &state, NULL, &error), BM_INVALID);
    state.count--;
    bm_state_scalar(&state, "__metadata__", BM_I64, &copy.step);
    ck_assert_int_eq(bm_safetensors_save(s.path, &state, NULL, &error), BM_INVALID);
    bm_state_free(&state);
    scratch_end(&s);
}
END_TEST

START_TEST(full_disk_keeps_the_old_checkpoint) {
    const scratch s = scratch_new();
    assert_saved(s.path, &example, NULL);
    float *large = calloc(100000, sizeof *large);
    bm_state state = {0};
    bm_state_vector(&state, "large", BM_F32, large, 100000);
    limit_file_size(100000);
    const bm_status status = bm_safetensors_save(s.path, &state, NULL, &error);
    limit_file_size(-1);
    ck_assert_int_eq(status, BM_FAILED);
    bm_state_free(&state);
    free(large);

    bm_safetensors file;
    ck_assert_int_eq(bm_safetensors_load(s.path, false, &file, &error), BM_OK);
    ck_assert_uint_eq(file.state.count, 7);
    bm_safetensors_free(&file);
    scratch_end(&s);
}
END_TEST

static void assert_outside(const char *path, int which, double low, double high, const char *sentence) {
    object here = {.step = 11}, before = here;
    bm_state state = describe(&here);
    state.items[which].bounded = true;
    state.items[which].low = low;
    state.items[which].high = high;
    bm_safetensors file;
    ck_assert(bm_safetensors_load(path, false, &file, &error) == BM_OK);
    const bm_status status = bm_safetensors_restore(&file, &state, &error);
    if (sentence) {
        ck_assert_int_eq(status, BM_FAILED);
        ck_assert_str_eq(error.text, sentence);
        assert_equal(&here, &before);
    } else {
        ck_assert_msg(status == BM_OK, "%s", error.text);
    }
    bm_safetensors_free(&file);
    bm_state_free(&state);
}

START_TEST(a_number_out_of_bounds_is_refused_and_nothing_is_copied) {
    enum { FLAG = 1, MEAN = 2, STEP = 4 };
    const scratch s = scratch_new();
    object saved = example;
    assert_saved(s.path, &saved, NULL);
    assert_outside(s.path, STEP, -5, 0, NULL);
    assert_outside(s.path, STEP, 0, 100, "the file is damaged: array 'step' holds -5, which is outside [0, 100]");
    assert_outside(s.path, FLAG, 0, 1, "the file is damaged: array 'flag' holds 200, which is outside [0, 1]");
    assert_outside(s.path, MEAN, -INFINITY, INFINITY, NULL);
    saved.mean[1] = -NAN;
    assert_saved(s.path, &saved, NULL);
    assert_outside(s.path, MEAN, -INFINITY, INFINITY,
                   "the file is damaged: array 'mean' holds nan, which is outside [-inf, inf]");
    scratch_end(&s);
}
END_TEST

TEST_MAIN("safetensors", 60, a_number_out_of_bounds_is_refused_and_nothing_is_copied, saved_object_comes_back,
          file_is_laid_out_as_the_format_says, every_flipped_bit_is_noticed, every_other_length_is_refused,
          file_made_elsewhere_is_read_when_allowed, damaged_file_made_elsewhere_is_refused_or_loads_within_bounds,
          hostile_headers_are_refused_with_their_reasons, absurd_header_length_is_refused,
          restore_names_what_differs_and_changes_nothing, save_refuses_what_it_could_not_load,
          full_disk_keeps_the_old_checkpoint)
