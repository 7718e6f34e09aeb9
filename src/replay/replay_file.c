/* The replay buffer's own file: rows packed back to back, in the order they were added, without a header; what the
 * file holds is described by the checkpoint (bm_replay_file). Appending keeps a checkpoint's cost proportional to what
 * is new. Bytes beyond the described end are the remains of a save that no checkpoint followed. Numbers are in the
 * machine's own byte order. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "replay/replay.h"

enum { FIELDS = 7, PATH_BYTES = 4096, CHUNK_BYTES = 1 << 20 };

/* One array of the ring: bytes per transition. */
typedef struct {
    unsigned char *start;
    size_t bytes;
} field;

/* The order of a row. Packing, unpacking and the row's length are loops over this list. */
static void list_fields(const bm_replay *replay, field fields[FIELDS]) {
    fields[0] = (field){replay->observation, replay->observation_bytes};
    fields[1] = (field){replay->next_observation, replay->observation_bytes};
    fields[2] = (field){replay->action, (size_t)replay->action_size * sizeof(int32_t)};
    fields[3] = (field){(unsigned char *)replay->reward, sizeof *replay->reward};
    fields[4] = (field){replay->ending, sizeof *replay->ending};
    fields[5] = (field){replay->action_mask, replay->mask_bytes};
    fields[6] = (field){replay->next_action_mask, replay->mask_bytes};
}

static size_t row_bytes(const bm_replay *replay) {
    field fields[FIELDS];
    size_t bytes = 0;
    list_fields(replay, fields);
    for (int i = 0; i < FIELDS; i++) {
        bytes += fields[i].bytes;
    }
    return bytes;
}

/* Transitions first .. first + count - 1, which the ring must hold, as rows. */
static void pack(const bm_replay *replay, int64_t first, size_t count, unsigned char *row) {
    field fields[FIELDS];
    list_fields(replay, fields);
    for (size_t k = 0; k < count; k++) {
        const size_t at = (size_t)((first + (int64_t)k) % replay->capacity);
        for (int i = 0; i < FIELDS; i++) {
            memcpy(row, fields[i].start + at * fields[i].bytes, fields[i].bytes);
            row += fields[i].bytes;
        }
    }
}

static void unpack(const bm_replay *replay, int64_t first, size_t count, const unsigned char *row) {
    field fields[FIELDS];
    list_fields(replay, fields);
    for (size_t k = 0; k < count; k++) {
        const size_t at = (size_t)((first + (int64_t)k) % replay->capacity);
        for (int i = 0; i < FIELDS; i++) {
            memcpy(fields[i].start + at * fields[i].bytes, row, fields[i].bytes);
            row += fields[i].bytes;
        }
    }
}

static size_t chunk_rows(size_t row) {
    return row < CHUNK_BYTES ? CHUNK_BYTES / row : 1;
}

static bm_status join_path(char path[PATH_BYTES], const char *folder, const char *name, bm_error *error) {
    const int n = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return n < PATH_BYTES ? BM_OK : bm_fail(error, "the path of %s is too long", name);
}

static bool write_all(int descriptor, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        const size_t moved = written > 0 ? (size_t)written : 0;
        bytes += moved;
        count -= moved;
    }
    return true;
}

static bool read_all(int descriptor, unsigned char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t got = read(descriptor, bytes, count);
        if (got == 0) {
            errno = EIO; /* it was long enough a moment ago */
            return false;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        const size_t moved = got > 0 ? (size_t)got : 0;
        bytes += moved;
        count -= moved;
    }
    return true;
}

/* Whether the described file can simply grow: no row is missing in between, and not too many are stale. */
static bool continues(const bm_replay *replay, const bm_replay_file *file) {
    const int64_t oldest = replay->added - bm_replay_size(replay);
    return file->name[0] && file->end <= replay->added && file->end >= oldest &&
           replay->added - file->first <= 2 * replay->capacity;
}

/* The described file, cut to the described rows and positioned at its end; -1 when it is not what was described. */
static int open_at_end(const char *path, off_t bytes) {
    struct stat status;
    const int descriptor = open(path, O_WRONLY);
    if (descriptor < 0) {
        return -1;
    }
    if (fstat(descriptor, &status) == 0 && status.st_size >= bytes && ftruncate(descriptor, bytes) == 0 &&
        lseek(descriptor, bytes, SEEK_SET) == bytes) {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

/* Writes transitions file->end .. added - 1 and takes them into *file. */
static bool append_rows(const bm_replay *replay, int descriptor, bm_replay_file *file) {
    const size_t row = row_bytes(replay), rows = chunk_rows(row);
    unsigned char *chunk = malloc(rows * row);
    bool good = chunk != NULL;
    while (good && file->end < replay->added) {
        const size_t left = (size_t)(replay->added - file->end);
        const size_t count = left < rows ? left : rows;
        pack(replay, file->end, count, chunk);
        file->crc = bm_crc32c(file->crc, chunk, count * row);
        file->end += (int64_t)count;
        good = write_all(descriptor, chunk, count * row);
    }
    free(chunk);
    return good && fsync(descriptor) == 0;
}

bm_status bm_replay_save(const bm_replay *replay, const char *folder, bm_replay_file *file, bm_error *error) {
    char path[PATH_BYTES];
    bm_replay_file next = *file;
    int descriptor = -1;
    if (continues(replay, file)) {
        if (join_path(path, folder, file->name, error) != BM_OK) {
            return BM_FAILED;
        }
        descriptor = open_at_end(path, (off_t)(file->end - file->first) * (off_t)row_bytes(replay));
    }
    const bool anew = descriptor < 0;
    if (anew) {
        const int64_t oldest = replay->added - bm_replay_size(replay);
        const bool second = strcmp(file->name, "replay-0.bin") == 0;
        next = (bm_replay_file){.first = oldest, .end = oldest};
        memcpy(next.name, second ? "replay-1.bin" : "replay-0.bin", sizeof "replay-0.bin");
        if (join_path(path, folder, next.name, error) != BM_OK) {
            return BM_FAILED;
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    }
    if (descriptor < 0) {
        return bm_fail(error, "cannot write %s: %s", path, strerror(errno));
    }
    int failure = append_rows(replay, descriptor, &next) ? 0 : errno;
    if (!failure && anew) {
        failure = bm_sync_folder(folder);
    }
    if (close(descriptor) != 0 && !failure) {
        failure = errno;
    }
    if (failure) {
        return bm_fail(error, "cannot write %s: %s", path, strerror(failure));
    }
    *file = next;
    return BM_OK;
}

/* Reads all described rows for the CRC. In order they leave the ring as it was: the stale ones are overwritten. */
static bool read_rows(const bm_replay *replay, int descriptor, const bm_replay_file *file, uint32_t *crc) {
    const size_t row = row_bytes(replay), rows = chunk_rows(row);
    unsigned char *chunk = malloc(rows * row);
    bool good = chunk != NULL;
    size_t count;
    *crc = 0;
    for (int64_t first = file->first; good && first < file->end; first += (int64_t)count) {
        const size_t left = (size_t)(file->end - first);
        count = left < rows ? left : rows;
        good = read_all(descriptor, chunk, count * row);
        if (good) {
            *crc = bm_crc32c(*crc, chunk, count * row);
            unpack(replay, first, count, chunk);
        }
    }
    free(chunk);
    return good;
}

static bm_status load_from(bm_replay *replay, int descriptor, const char *path, const bm_replay_file *file,
                           bm_error *error) {
    struct stat status;
    uint32_t crc;
    const int64_t rows = file->end - file->first, row = (int64_t)row_bytes(replay);
    if (fstat(descriptor, &status) != 0) {
        return bm_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    if (status.st_size / row < rows) {
        return bm_fail(error, "%s holds %lld transitions where the checkpoint needs %lld", path,
                       (long long)(status.st_size / row), (long long)rows);
    }
    if (!read_rows(replay, descriptor, file, &crc)) {
        return bm_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    if (crc != file->crc) {
        return bm_fail(error, "%s is damaged: CRC-32C %08x instead of %08x", path, crc, file->crc);
    }
    if (status.st_size > rows * row && ftruncate(descriptor, (off_t)(rows * row)) != 0) {
        return bm_fail(error, "cannot cut %s back to its checkpoint: %s", path, strerror(errno));
    }
    replay->added = file->end;
    return BM_OK;
}

bm_status bm_replay_load(bm_replay *replay, const char *folder, const bm_replay_file *file, bm_error *error) {
    char path[PATH_BYTES];
    replay->added = 0;
    const bool named = file->name[0] && memchr(file->name, '\0', sizeof file->name) && !strchr(file->name, '/');
    if (!named || file->first < 0 || file->end < file->first) {
        return bm_fail(error, "the checkpoint does not describe a replay file");
    }
    const int64_t needed = file->end < replay->capacity ? file->end : replay->capacity;
    if (file->end - file->first < needed) {
        return bm_fail(error,
                       "%s holds %lld transitions and buffer_size=%lld needs %lld; resume with the buffer_size "
                       "of the run",
                       file->name, (long long)(file->end - file->first), (long long)replay->capacity,
                       (long long)needed);
    }
    if (join_path(path, folder, file->name, error) != BM_OK) {
        return BM_FAILED;
    }
    const int descriptor = open(path, O_RDWR);
    if (descriptor < 0) {
        return bm_fail(error, "cannot open %s: %s", path, strerror(errno));
    }
    const bm_status status = load_from(replay, descriptor, path, file, error);
    close(descriptor);
    return status;
}
