/* The three files of a run, byte for byte, and what happens to them on resume and on a full disk. */
#include "core/metrics.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "core/tfevents.h"
#include "support.h"

static bm_error error;
static const char *const names[] = {"rollout/ep_rew_mean", "train/loss", "time/fps"};
static const double start = 1700000000.0;

#define EVENTS "events.out.tfevents.1700000000.bellman"

typedef struct {
    char folder[SCRATCH_BYTES], progress[128], monitor[128], events[128];
} scratch;

static scratch scratch_new(void) {
    scratch s;
    scratch_make(s.folder);
    snprintf(s.progress, sizeof s.progress, "%s/progress.csv", s.folder);
    snprintf(s.monitor, sizeof s.monitor, "%s/monitor.csv", s.folder);
    snprintf(s.events, sizeof s.events, "%s/" EVENTS, s.folder);
    return s;
}

static void scratch_end(const scratch *s) {
    scratch_remove(s->folder, (const char *const[]){"progress.csv", "monitor.csv", EVENTS, NULL});
}

typedef struct {
    char *text; /* a 0 byte follows */
    size_t bytes;
    bm_arena arena;
} contents;

static contents read_file(const char *path) {
    contents file = {0};
    ck_assert_msg(bm_read_file(path, 1 << 24, &file.arena, &file.text, &file.bytes, &error) == BM_OK, "%s", error.text);
    return file;
}

static void assert_text(const char *path, const char *wanted) {
    contents file = read_file(path);
    ck_assert_str_eq(file.text, wanted);
    bm_arena_free(&file.arena);
}

static bm_metrics *assert_open(const scratch *s, const bm_metrics_length *length) {
    bm_metrics *metrics;
    ck_assert_msg(bm_metrics_open(&metrics, s->folder, names, 3, "CartPole-v1", start, length, &error) == BM_OK, "%s",
                  error.text);
    return metrics;
}

START_TEST(progress_has_a_header_and_a_row_per_call) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    bm_metrics_row(metrics, 1000, 0.5, (const double[]){21.25, NAN, 123456.789012});
    bm_metrics_row(metrics, 3000000000, 1.0 / 3, (const double[]){-INFINITY, 1e-20, 0});
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    assert_text(s.progress, "step,seconds,rollout/ep_rew_mean,train/loss,time/fps\n"
                            "1000,0.5,21.25,,123456.789\n"
                            "3000000000,0.333333333,-inf,1e-20,0\n");
    scratch_end(&s);
}
END_TEST

START_TEST(monitor_is_as_stable_baselines_writes_it) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    bm_metrics_episode(metrics, 21, 21, 0.0012345678);
    bm_metrics_episode(metrics, -1234.5678915, 200, 12.5);
    bm_metrics_episode(metrics, NAN, 1, 100);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    assert_text(s.monitor, "#{\"t_start\": 1700000000.0, \"env_id\": \"CartPole-v1\"}\n"
                           "r,l,t\n"
                           "21.0,21,0.001235\n"
                           "-1234.567892,200,12.5\n"
                           "nan,1,100.0\n");
    scratch_end(&s);
}
END_TEST

START_TEST(monitor_header_is_json_whatever_the_name) {
    const scratch s = scratch_new();
    bm_metrics *metrics;
    ck_assert_int_eq(bm_metrics_open(&metrics, s.folder, names, 3, "a \"b\"", 1700000000.25, NULL, &error), BM_OK);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    assert_text(s.monitor, "#{\"t_start\": 1700000000.25, \"env_id\": \"a \\\"b\\\"\"}\nr,l,t\n");
    scratch_end(&s);
}
END_TEST

/* The beginning of every event file, 24 bytes framed; length, its checksum and the event's layout can be read in any
 * file written by TensorFlow. */
START_TEST(events_begin_with_the_version) {
    unsigned char record[64];
    static const unsigned char
        wanted[] = {24,  0,   0,   0,    0,    0,    0,    0,    0xa3, 0x7f, 0x4b, 0x22, 0x09,
                    0,   0,   0,   0x40, 0xfc, 0x54, 0xd9, 0x41, 0x1a, 13,   'b',  'r',  'a',
                    'i', 'n', '.', 'E',  'v',  'e',  'n',  't',  ':',  '2'}; /* 0x41d954fc40000000 is 1.7e9 */
    ck_assert_uint_eq(bm_tfevents_version(record, start), sizeof wanted + 4);
    ck_assert_mem_eq(record, wanted, sizeof wanted);
}
END_TEST

START_TEST(scalars_are_encoded_as_worked_by_hand) {
    unsigned char record[256];
    const char *const tags[] = {"a", "skipped", "bc", "too large"};
    const size_t bytes = bm_tfevents_scalars(record, 1.5, 300, tags, (const double[]){1, NAN, -2.5, 1e300}, 4);
    static const unsigned char event[] = {
        0x09, 0,    0,    0, 0,   0,    0,    0xf8, 0x3f,       /* 1: wall_time 1.5 */
        0x10, 0xac, 0x02,                                       /* 2: step 300 = 0b10_0101100 */
        0x2a, 21,                                               /* 5: summary of 2 + 8 and 2 + 9 bytes */
        0x0a, 8,    0x0a, 1, 'a', 0x15, 0,    0,    0x80, 0x3f, /* 1: value {1: "a", 2: 1.0f} */
        0x0a, 9,    0x0a, 2, 'b', 'c',  0x15, 0,    0,    0x20, 0xc0};
    ck_assert_uint_eq(bytes, 8 + 4 + sizeof event + 4);
    ck_assert_uint_le(bytes, bm_tfevents_bound(tags, 4));
    ck_assert_uint_eq(record[0], sizeof event);
    ck_assert_mem_eq(record + 12, event, sizeof event);
}
END_TEST

START_TEST(bound_holds_for_long_tags_and_negative_steps) {
    char tag[400];
    memset(tag, 'x', sizeof tag - 1);
    tag[sizeof tag - 1] = '\0';
    const char *const tags[] = {tag, tag};
    unsigned char record[2000];
    ck_assert_uint_lt(bm_tfevents_bound(tags, 2), sizeof record);
    ck_assert_uint_le(bm_tfevents_scalars(record, 1, -1, tags, (const double[]){1, 2}, 2), bm_tfevents_bound(tags, 2));
}
END_TEST

/* ---- a decoder that shares nothing with the encoder but the format */

static uint32_t masked_crc(const unsigned char *byte, size_t n) { /* CRC-32C by its definition, then TFRecord's mask */
    uint32_t state = ~0u;
    for (size_t i = 0; i < n; i++) {
        state ^= byte[i];
        for (int bit = 0; bit < 8; bit++) {
            state = state >> 1 ^ (state & 1 ? 0x82f63b78u : 0);
        }
    }
    state = ~state;
    return (state >> 15 | state << 17) + 0xa282ead8u;
}

typedef struct {
    const unsigned char *at, *end;
} cursor;

static uint64_t take_fixed(cursor *c, int bytes) {
    uint64_t number = 0;
    ck_assert_int_le(bytes, (int)(c->end - c->at));
    for (int i = 0; i < bytes; i++) {
        number |= (uint64_t)*c->at++ << 8 * i;
    }
    return number;
}

static uint64_t take_varint(cursor *c) {
    uint64_t number = 0;
    for (int shift = 0; c->at < c->end; shift += 7) {
        number |= (uint64_t)(*c->at & 0x7f) << shift;
        if (!(*c->at++ & 0x80)) {
            break;
        }
    }
    return number;
}

static cursor take_part(cursor *c, uint64_t bytes) {
    ck_assert_uint_le(bytes, (uint64_t)(c->end - c->at));
    const cursor part = {c->at, c->at + bytes};
    c->at += bytes;
    return part;
}

static cursor take_record(cursor *file) {
    const unsigned char *frame = file->at;
    const uint64_t length = take_fixed(file, 8);
    ck_assert_uint_eq(take_fixed(file, 4), masked_crc(frame, 8));
    const cursor event = take_part(file, length);
    ck_assert_uint_eq(take_fixed(file, 4), masked_crc(event.at, length));
    return event;
}

/* "wall_time step tag=value ..." */
static void decode(cursor event, char *text, size_t bytes) {
    size_t used = 0;
    while (event.at < event.end) {
        const uint64_t key = take_varint(&event);
        if (key == (1 << 3 | 1)) {
            const uint64_t bits = take_fixed(&event, 8);
            double wall_time;
            memcpy(&wall_time, &bits, sizeof wall_time);
            used += (size_t)snprintf(text + used, bytes - used, "%.17g", wall_time);
        } else if (key == (2 << 3 | 0)) {
            used += (size_t)snprintf(text + used, bytes - used, " %lld", (long long)take_varint(&event));
        } else if (key == (3 << 3 | 2)) {
            const cursor version = take_part(&event, take_varint(&event));
            used += (size_t)snprintf(text + used, bytes - used, " version %.*s", (int)(version.end - version.at),
                                     (const char *)version.at);
        } else {
            ck_assert_uint_eq(key, 5 << 3 | 2);
            cursor summary = take_part(&event, take_varint(&event));
            while (summary.at < summary.end) {
                ck_assert_uint_eq(take_varint(&summary), 1 << 3 | 2);
                cursor value = take_part(&summary, take_varint(&summary));
                ck_assert_uint_eq(take_varint(&value), 1 << 3 | 2);
                const cursor tag = take_part(&value, take_varint(&value));
                ck_assert_uint_eq(take_varint(&value), 2 << 3 | 5);
                const uint32_t bits = (uint32_t)take_fixed(&value, 4);
                float number;
                memcpy(&number, &bits, sizeof number);
                ck_assert_ptr_eq(value.at, value.end);
                used += (size_t)snprintf(text + used, bytes - used, " %.*s=%.9g", (int)(tag.end - tag.at),
                                         (const char *)tag.at, (double)number);
            }
        }
    }
}

START_TEST(events_decode_to_what_was_logged) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    bm_metrics_row(metrics, 1000, 0.5, (const double[]){21.25, NAN, 1000});
    bm_metrics_row(metrics, -1, 2, (const double[]){INFINITY, 0.5, -0.125});
    bm_metrics_row(metrics, (int64_t)1 << 40, 3, (const double[]){NAN, NAN, NAN});
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    static const char *const wanted[] = {
        "1700000000 version brain.Event:2",
        "1700000000.5 1000 rollout/ep_rew_mean=21.25 time/fps=1000",
        "1700000002 -1 train/loss=0.5 time/fps=-0.125",
        "1700000003 1099511627776",
    };
    contents file = read_file(s.events);
    cursor records = {(const unsigned char *)file.text, (const unsigned char *)file.text + file.bytes};
    for (int i = 0; i < 4; i++) {
        char text[200];
        decode(take_record(&records), text, sizeof text);
        ck_assert_str_eq(text, wanted[i]);
    }
    ck_assert_ptr_eq(records.at, records.end);
    bm_arena_free(&file.arena);
    scratch_end(&s);
}
END_TEST

/* ---- resuming */

static void log_steps(bm_metrics *metrics, int from, int to) {
    for (int i = from; i < to; i++) {
        bm_metrics_row(metrics, i, 0.25 * i, (const double[]){i, 1.0 / (i + 1), 100});
        bm_metrics_episode(metrics, i, i, 0.25 * i);
    }
}

START_TEST(resumed_run_equals_one_never_interrupted) {
    const scratch whole = scratch_new(), resumed = scratch_new();
    enum { CHECKPOINT = 700, LOST = 1300, END = 2000 }; /* several buffers full */
    bm_metrics *metrics = assert_open(&whole, NULL);
    log_steps(metrics, 0, END);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);

    bm_metrics_length length;
    metrics = assert_open(&resumed, NULL);
    log_steps(metrics, 0, CHECKPOINT);
    ck_assert_int_eq(bm_metrics_flush(metrics, &length, &error), BM_OK);
    log_steps(metrics, CHECKPOINT, LOST);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    metrics = assert_open(&resumed, &length);
    log_steps(metrics, CHECKPOINT, END);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);

    const char *const pairs[][2] = {
        {whole.progress, resumed.progress}, {whole.monitor, resumed.monitor}, {whole.events, resumed.events}};
    for (int i = 0; i < 3; i++) {
        contents a = read_file(pairs[i][0]), b = read_file(pairs[i][1]);
        ck_assert_uint_eq(a.bytes, b.bytes);
        ck_assert_mem_eq(a.text, b.text, a.bytes);
        bm_arena_free(&a.arena);
        bm_arena_free(&b.arena);
    }
    scratch_end(&whole);
    scratch_end(&resumed);
}
END_TEST

START_TEST(lengths_are_those_of_the_files) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    log_steps(metrics, 0, 3);
    bm_metrics_length length;
    ck_assert_int_eq(bm_metrics_flush(metrics, &length, &error), BM_OK);
    struct stat progress, monitor, events;
    stat(s.progress, &progress);
    stat(s.monitor, &monitor);
    stat(s.events, &events);
    ck_assert_int_eq(length.progress, progress.st_size);
    ck_assert_int_eq(length.monitor, monitor.st_size);
    ck_assert_int_eq(length.events, events.st_size);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    scratch_end(&s);
}
END_TEST

static void assert_refused(const scratch *s, const char *const *columns, const bm_metrics_length *length,
                           const char *first, const char *second) {
    bm_metrics *metrics;
    ck_assert_int_eq(bm_metrics_open(&metrics, s->folder, columns, 3, "CartPole-v1", start, length, &error), BM_FAILED);
    ck_assert_ptr_null(metrics);
    ck_assert_msg(strstr(error.text, first) && strstr(error.text, second), "'%s'", error.text);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK); /* NULL */
}

START_TEST(what_cannot_be_continued_is_refused_and_left_alone) {
    const scratch s = scratch_new();
    assert_refused(&s, names, &(bm_metrics_length){0}, s.folder, "0 files events.out.tfevents.*.bellman");
    bm_metrics *metrics = assert_open(&s, NULL);
    log_steps(metrics, 0, 3);
    bm_metrics_length length;
    ck_assert_int_eq(bm_metrics_flush(metrics, &length, &error), BM_OK);
    log_steps(metrics, 3, 6);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    contents before = read_file(s.progress);

    bm_metrics_length longer = length;
    longer.events += 10000;
    assert_refused(&s, names, &longer, s.events, "fewer than");
    assert_refused(&s, (const char *const[]){"rollout/ep_rew_mean", "train/other", "time/fps"}, &length, s.progress,
                   "train/other");
    char second[128];
    snprintf(second, sizeof second, "%s/events.out.tfevents.1.bellman", s.folder);
    ck_assert_int_eq(bm_write_file(second, "", 0, &error), BM_OK);
    assert_refused(&s, names, &length, s.folder, "2 files");
    unlink(second);
    unlink(s.monitor);
    assert_refused(&s, names, &length, s.monitor, strerror(ENOENT));

    assert_text(s.progress, before.text); /* not even cut back */
    bm_arena_free(&before.arena);
    scratch_end(&s);
}
END_TEST

START_TEST(missing_folder_is_told) {
    bm_metrics *metrics;
    ck_assert_int_eq(bm_metrics_open(&metrics, "/nonexistent", names, 3, "e", start, NULL, &error), BM_FAILED);
    ck_assert_str_eq(error.text, "cannot write /nonexistent/progress.csv: No such file or directory");
    ck_assert_int_eq(bm_metrics_open(&metrics, "/nonexistent", names, 3, "e", NAN, NULL, &error), BM_INVALID);
}
END_TEST

/* ---- a full disk */

START_TEST(rows_wait_while_the_disk_is_full) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    bm_metrics_length length = {-1, -1, -1};
    limit_file_size(200);
    log_steps(metrics, 0, 20);
    const bm_status status = bm_metrics_flush(metrics, &length, &error);
    limit_file_size(-1);
    ck_assert_int_eq(status, BM_FAILED);
    ck_assert_msg(strstr(error.text, s.progress) && strstr(error.text, strerror(EFBIG)), "'%s'", error.text);
    ck_assert_int_eq(length.progress, -1);
    ck_assert_int_eq(bm_metrics_flush(metrics, &length, &error), BM_OK);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    bm_arena arena = {0};
    golden_table table = golden_read(s.progress, &arena); /* ends the test on a torn row */
    ck_assert_int_eq(table.rows, 20);
    bm_arena_free(&arena);
    scratch_end(&s);
}
END_TEST

START_TEST(disk_full_for_long_loses_whole_rows_only) {
    const scratch s = scratch_new();
    bm_metrics *metrics = assert_open(&s, NULL);
    limit_file_size(1000);
    log_steps(metrics, 0, 5000);
    limit_file_size(-1);
    log_steps(metrics, 5000, 5001);
    ck_assert_int_eq(bm_metrics_flush(metrics, NULL, &error), BM_FAILED); /* something is lost, and that is told once */
    ck_assert_int_eq(bm_metrics_flush(metrics, NULL, &error), BM_OK);
    ck_assert_int_eq(bm_metrics_close(metrics, &error), BM_OK);
    bm_arena arena = {0};
    golden_table table = golden_read(s.progress, &arena);
    ck_assert_int_lt(table.rows, 5000);
    for (int i = 0; i < table.rows - 1; i++) {
        ck_assert_int_eq((int)golden_number(&table, i, "step"), i);
    }
    ck_assert_int_eq((int)golden_number(&table, table.rows - 1, "step"), 5000);
    bm_arena_free(&arena);
    contents file = read_file(s.events);
    cursor records = {(const unsigned char *)file.text, (const unsigned char *)file.text + file.bytes};
    while (records.at < records.end) {
        take_record(&records);
    }
    bm_arena_free(&file.arena);
    scratch_end(&s);
}
END_TEST

TEST_MAIN("metrics", 20, progress_has_a_header_and_a_row_per_call, monitor_is_as_stable_baselines_writes_it,
          monitor_header_is_json_whatever_the_name, events_begin_with_the_version,
          scalars_are_encoded_as_worked_by_hand, bound_holds_for_long_tags_and_negative_steps,
          events_decode_to_what_was_logged, resumed_run_equals_one_never_interrupted, lengths_are_those_of_the_files,
          what_cannot_be_continued_is_refused_and_left_alone, missing_folder_is_told, rows_wait_while_the_disk_is_full,
          disk_full_for_long_loses_whole_rows_only)
