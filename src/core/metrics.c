/* Metrics to three append-only files. Each has a buffer of its own, allocated when it is opened: a row is formatted
 * there, and goes to the file when the buffer is full or flushed. So nothing is allocated while training, and a full
 * disk costs whole rows at worst. */
#include "core/metrics.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/tfevents.h"

enum { BUFFER_BYTES = 1 << 14, NUMBER_BYTES = 32, FIXED_BYTES = 400 }; /* FIXED: %f of the largest double, and more */

typedef struct {
    char *path;
    int fd;                /* -1: not open */
    unsigned char *buffer; /* [capacity] */
    size_t used, capacity;
    int64_t written; /* bytes in the file */
    int failure;     /* errno since the last flush; 0: none */
} log_file;

enum { PROGRESS, MONITOR, EVENTS, FILES };

struct bm_metrics {
    bm_arena arena;
    const char *const *names; /* [count] */
    int count;
    double start;
    log_file file[FILES];
    size_t row_bytes[FILES]; /* most that one row takes */
};

/* ---- one file */

/* Writes as much of the buffer as the disk takes; the rest stays. */
static void push(log_file *file) {
    size_t sent = 0;
    while (sent < file->used) {
        const ssize_t n = write(file->fd, file->buffer + sent, file->used - sent);
        if (n > 0) {
            sent += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            file->failure = n == 0 ? EIO : errno;
            break;
        }
    }
    memmove(file->buffer, file->buffer + sent, file->used - sent);
    file->used -= sent;
    file->written += (int64_t)sent;
}

/* Room for bytes more at the end of the buffer; NULL, and the row is lost, when the disk does not take what is
 * there. */
static void *reserve(log_file *file, size_t bytes) {
    if (file->capacity - file->used < bytes) {
        push(file);
    }
    return file->capacity - file->used < bytes ? NULL : file->buffer + file->used;
}

static bm_status fail_with(const log_file *file, const char *verb, int failure, bm_error *error) {
    return bm_fail(error, "cannot %s %s: %s", verb, file->path, strerror(failure));
}

static bm_status create_file(log_file *file, const void *beginning, size_t bytes, bm_error *error) {
    file->fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        return fail_with(file, "write", errno, error);
    }
    memcpy(file->buffer, beginning, bytes);
    file->used = bytes;
    push(file);
    return file->failure ? fail_with(file, "write", file->failure, error) : BM_OK;
}

/* Opens what is to be continued from length on, and checks it without changing it: it begins with header. */
static bm_status reopen_file(log_file *file, const char *header, int64_t length, bm_error *error) {
    struct stat status;
    file->fd = open(file->path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        return fail_with(file, "continue", errno, error);
    }
    if (status.st_size < length || length < 0) {
        return bm_fail(error, "%s has %" PRId64 " bytes, fewer than the %" PRId64 " that the checkpoint remembers",
                       file->path, (int64_t)status.st_size, length);
    }
    const size_t bytes = strlen(header);
    if (pread(file->fd, file->buffer, bytes, 0) != (ssize_t)bytes || memcmp(file->buffer, header, bytes) != 0) {
        return bm_fail(error, "%s cannot be continued: its first line is not '%.*s'", file->path,
                       (int)strcspn(header, "\n"), header);
    }
    return BM_OK;
}

static bm_status cut_file(log_file *file, int64_t length, bm_error *error) {
    if (ftruncate(file->fd, (off_t)length) != 0 || lseek(file->fd, 0, SEEK_END) < 0) {
        return fail_with(file, "continue", errno, error);
    }
    file->written = length;
    return BM_OK;
}

/* ---- text */

/* As Python prints a number rounded to 6 decimals: at least one of them, no more than needed. Returns the bytes. */
static size_t format_rounded(char *text, double number) {
    if (!isfinite(number)) {
        return (size_t)snprintf(text, FIXED_BYTES, "%s", isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
    }
    size_t n = (size_t)snprintf(text, FIXED_BYTES, "%.6f", number);
    while (text[n - 1] == '0' && text[n - 2] != '.') {
        n--;
    }
    text[n] = '\0';
    return n;
}

static char *progress_header(bm_metrics *metrics) {
    size_t bytes = sizeof "step,seconds\n";
    for (int i = 0; i < metrics->count; i++) {
        bytes += strlen(metrics->names[i]) + 1;
    }
    char *text = bm_arena_alloc(&metrics->arena, bytes, 1);
    if (text) {
        size_t used = (size_t)snprintf(text, bytes, "step,seconds");
        for (int i = 0; i < metrics->count; i++) {
            used += (size_t)snprintf(text + used, bytes - used, ",%s", metrics->names[i]);
        }
        snprintf(text + used, bytes - used, "\n");
    }
    return text;
}

/* '#{"t_start": 1700000000.0, "env_id": "CartPole-v1"}' as Python's json module spaces it. */
static char *monitor_header(bm_metrics *metrics, const char *env_id) {
    cJSON *item = cJSON_CreateString(env_id);
    char *quoted = item ? cJSON_PrintUnformatted(item) : NULL;
    const size_t bytes = FIXED_BYTES + (quoted ? strlen(quoted) : 0);
    char *text = quoted ? bm_arena_alloc(&metrics->arena, bytes, 1) : NULL;
    if (text) {
        char start[FIXED_BYTES];
        format_rounded(start, metrics->start);
        snprintf(text, bytes, "#{\"t_start\": %s, \"env_id\": %s}\nr,l,t\n", start, quoted);
    }
    cJSON_free(quoted);
    cJSON_Delete(item);
    return text;
}

/* ---- opening and closing */

static char *join(bm_arena *arena, const char *folder, const char *name) {
    const size_t bytes = strlen(folder) + 1 + strlen(name) + 1;
    char *path = bm_arena_alloc(arena, bytes, 1);
    if (path) {
        snprintf(path, bytes, "%s/%s", folder, name);
    }
    return path;
}

static bool is_events_name(const char *name) {
    static const char beginning[] = "events.out.tfevents.", ending[] = ".bellman";
    const size_t length = strlen(name), shortest = sizeof beginning - 1 + sizeof ending - 1;
    return length > shortest && strncmp(name, beginning, sizeof beginning - 1) == 0 &&
           strcmp(name + length - (sizeof ending - 1), ending) == 0;
}

/* The one event file in folder, whatever second it was started in. */
static bm_status find_events(bm_arena *arena, const char *folder, char **path, bm_error *error) {
    DIR *listing = opendir(folder);
    if (!listing) {
        return bm_fail(error, "cannot read folder %s: %s", folder, strerror(errno));
    }
    int found = 0;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (is_events_name(entry->d_name)) {
            *path = join(arena, folder, entry->d_name);
            found++;
        }
    }
    closedir(listing);
    if (found != 1) {
        return bm_fail(error, "%s has %d files events.out.tfevents.*.bellman instead of the one to continue", folder,
                       found);
    }
    return bm_arena_check(arena, "metrics", error);
}

static void allocate_buffers(bm_metrics *metrics, const char *const header[FILES]) {
    const size_t count = (size_t)metrics->count;
    metrics->row_bytes[PROGRESS] = (count + 3) * NUMBER_BYTES;
    metrics->row_bytes[MONITOR] = 2 * FIXED_BYTES + NUMBER_BYTES;
    metrics->row_bytes[EVENTS] = bm_tfevents_bound(metrics->names, metrics->count);
    for (int i = 0; i < FILES; i++) {
        log_file *file = &metrics->file[i];
        file->capacity = BUFFER_BYTES + metrics->row_bytes[i] + (header[i] ? strlen(header[i]) : 0);
        file->buffer = BM_NEW(&metrics->arena, unsigned char, file->capacity);
    }
}

static bm_status create_all(bm_metrics *metrics, const char *folder, const char *const header[FILES], bm_error *error) {
    char name[NUMBER_BYTES * 2];
    snprintf(name, sizeof name, "events.out.tfevents.%" PRId64 ".bellman", (int64_t)metrics->start);
    log_file *events = &metrics->file[EVENTS];
    events->path = join(&metrics->arena, folder, name);
    unsigned char record[128];
    const size_t bytes = bm_tfevents_version(record, metrics->start);
    bm_status status = bm_arena_check(&metrics->arena, "metrics", error);
    for (int i = PROGRESS; i <= MONITOR && status == BM_OK; i++) {
        status = create_file(&metrics->file[i], header[i], strlen(header[i]), error);
    }
    return status == BM_OK ? create_file(events, record, bytes, error) : status;
}

static bm_status continue_all(bm_metrics *metrics, const char *folder, const char *const header[FILES],
                              const bm_metrics_length *length, bm_error *error) {
    const int64_t lengths[FILES] = {length->progress, length->monitor, length->events};
    bm_status status = find_events(&metrics->arena, folder, &metrics->file[EVENTS].path, error);
    for (int i = 0; i < FILES && status == BM_OK; i++) {
        status = reopen_file(&metrics->file[i], i == PROGRESS ? header[i] : "", lengths[i], error);
    }
    for (int i = 0; i < FILES && status == BM_OK; i++) {
        status = cut_file(&metrics->file[i], lengths[i], error);
    }
    return status;
}

static void destroy(bm_metrics *metrics) {
    for (int i = 0; i < FILES; i++) {
        if (metrics->file[i].fd >= 0) {
            close(metrics->file[i].fd);
        }
    }
    bm_arena_free(&metrics->arena);
    free(metrics);
}

bm_status bm_metrics_open(bm_metrics **metrics, const char *folder, const char *const *names, int count,
                          const char *env_id, double start, const bm_metrics_length *length, bm_error *error) {
    *metrics = NULL;
    if (!(start >= 0 && start < 1e15)) {
        return bm_invalid(error, "start=%g is not a time in seconds since 1970", start);
    }
    bm_metrics *opened = calloc(1, sizeof *opened);
    if (!opened) {
        return bm_fail(error, "not enough memory for metrics");
    }
    opened->names = names;
    opened->count = count;
    opened->start = start;
    for (int i = 0; i < FILES; i++) {
        opened->file[i].fd = -1;
    }
    const char *const header[FILES] = {progress_header(opened), monitor_header(opened, env_id), ""};
    allocate_buffers(opened, header);
    opened->file[PROGRESS].path = join(&opened->arena, folder, "progress.csv");
    opened->file[MONITOR].path = join(&opened->arena, folder, "monitor.csv");
    bm_status status = bm_arena_check(&opened->arena, "metrics", error);
    if (status == BM_OK && !header[MONITOR]) {
        status = bm_fail(error, "not enough memory for metrics");
    }
    if (status == BM_OK) {
        status =
            length ? continue_all(opened, folder, header, length, error) : create_all(opened, folder, header, error);
    }
    if (status != BM_OK) {
        destroy(opened);
        return status;
    }
    *metrics = opened;
    return BM_OK;
}

/* Pushes all files; the first failure since the last call is told, all are forgotten. */
static bm_status push_all(bm_metrics *metrics, bool to_disk, bm_error *error) {
    bm_status status = BM_OK;
    for (int i = 0; i < FILES; i++) {
        log_file *file = &metrics->file[i];
        push(file);
        if (to_disk && !file->failure && fsync(file->fd) != 0) {
            file->failure = errno;
        }
        if (file->failure && status == BM_OK) {
            status = fail_with(file, "write", file->failure, error);
        }
        file->failure = 0;
    }
    return status;
}

bm_status bm_metrics_flush(bm_metrics *metrics, bm_metrics_length *length, bm_error *error) {
    if (!metrics) {
        return BM_OK;
    }
    const bm_status status = push_all(metrics, length != NULL, error);
    if (status == BM_OK && length) {
        const log_file *file = metrics->file;
        *length = (bm_metrics_length){file[PROGRESS].written, file[MONITOR].written, file[EVENTS].written};
    }
    return status;
}

bm_status bm_metrics_close(bm_metrics *metrics, bm_error *error) {
    if (!metrics) {
        return BM_OK;
    }
    const bm_status status = push_all(metrics, false, error);
    destroy(metrics);
    return status;
}

/* ---- rows */

static void progress_row(bm_metrics *metrics, int64_t step, double seconds, const double *values) {
    char *row = reserve(&metrics->file[PROGRESS], metrics->row_bytes[PROGRESS]);
    if (!row) {
        return;
    }
    char *at = row + snprintf(row, NUMBER_BYTES, "%" PRId64, step);
    at += snprintf(at, NUMBER_BYTES, ",%.9g", seconds);
    for (int i = 0; i < metrics->count; i++) {
        at += isnan(values[i]) ? snprintf(at, NUMBER_BYTES, ",") : snprintf(at, NUMBER_BYTES, ",%.9g", values[i]);
    }
    *at++ = '\n';
    metrics->file[PROGRESS].used += (size_t)(at - row);
}

void bm_metrics_row(bm_metrics *metrics, int64_t step, double seconds, const double *values) {
    if (!metrics) {
        return;
    }
    progress_row(metrics, step, seconds, values);
    log_file *events = &metrics->file[EVENTS];
    unsigned char *record = reserve(events, metrics->row_bytes[EVENTS]);
    if (record) {
        events->used +=
            bm_tfevents_scalars(record, metrics->start + seconds, step, metrics->names, values, metrics->count);
    }
}

void bm_metrics_episode(bm_metrics *metrics, double episode_return, int64_t length, double seconds) {
    if (!metrics) {
        return;
    }
    log_file *monitor = &metrics->file[MONITOR];
    char *row = reserve(monitor, metrics->row_bytes[MONITOR]);
    if (!row) {
        return;
    }
    char *at = row + format_rounded(row, episode_return);
    at += snprintf(at, NUMBER_BYTES, ",%" PRId64 ",", length);
    at += format_rounded(at, seconds);
    *at++ = '\n';
    monitor->used += (size_t)(at - row);
}
