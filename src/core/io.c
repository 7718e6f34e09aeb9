/* Whole files: read at once, and written by replacement. A new version goes to PATH.tmp, is flushed to the disk and
 * renamed over PATH, and then the folder is flushed too: whatever happens when, PATH is the old version or the new. */
#include "core/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bm_writer {
    FILE *file;
    char *path, *temporary; /* temporary NULL: written in place */
    int failure;            /* errno of the first thing that went wrong; 0: nothing yet */
};

static char *concatenate(const char *first, const char *second) { /* malloc; NULL: no memory */
    const size_t n = strlen(first), m = strlen(second);
    char *both = malloc(n + m + 1);
    if (both) {
        memcpy(both, first, n);
        memcpy(both + n, second, m + 1);
    }
    return both;
}

static void free_writer(bm_writer *writer) {
    if (writer) {
        free(writer->path);
        free(writer->temporary);
        free(writer);
    }
}

static void remove_temporary(const bm_writer *writer) {
    if (writer->temporary) {
        unlink(writer->temporary);
    }
}

static void remember(bm_writer *writer, int failure) {
    if (!writer->failure) {
        writer->failure = failure;
    }
}

/* Devices, pipes and the names of what is open already (/dev/stdout, also where it leads to a file) must not be
 * replaced by a file. */
static bool is_device(const char *path) {
    struct stat status;
    const bool open_already = strncmp(path, "/dev/std", 8) == 0 || strncmp(path, "/dev/fd/", 8) == 0 ||
                              (strncmp(path, "/proc/", 6) == 0 && strstr(path, "/fd/"));
    return stat(path, &status) == 0 && (open_already || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)));
}

bm_status bm_writer_open(bm_writer **writer, const char *path, bm_error *error) {
    *writer = NULL;
    const bool in_place = is_device(path);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return bm_fail(error, "cannot write %s: %s", path, strerror(EISDIR));
    }
    bm_writer *opened = calloc(1, sizeof *opened);
    if (opened) {
        opened->path = concatenate(path, "");
        opened->temporary = in_place ? NULL : concatenate(path, ".tmp");
    }
    if (!opened || !opened->path || (!in_place && !opened->temporary)) {
        free_writer(opened);
        return bm_fail(error, "cannot write %s: %s", path, strerror(ENOMEM));
    }
    const int fd = in_place ? open(path, O_WRONLY | O_CLOEXEC)
                            : open(opened->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    opened->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!opened->file) {
        const int failure = errno;
        if (fd >= 0) {
            close(fd);
            remove_temporary(opened);
        }
        free_writer(opened);
        return bm_fail(error, "cannot write %s: %s", path, strerror(failure));
    }
    *writer = opened;
    return BM_OK;
}

void bm_writer_put(bm_writer *writer, const void *data, size_t bytes) {
    if (!writer->failure && bytes > 0 && fwrite(data, 1, bytes, writer->file) != bytes) {
        remember(writer, errno);
    }
}

int bm_sync_folder(const char *folder) {
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int failure = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    return failure == EACCES || failure == EINVAL ? 0 : failure;
}

static int sync_folder_of(const char *path) { /* 0 or errno */
    const char *slash = strrchr(path, '/');
    char *folder = slash ? concatenate(path, "") : concatenate(".", "");
    if (!folder) {
        return ENOMEM;
    }
    if (slash) {
        folder[slash == path ? 1 : slash - path] = '\0';
    }
    const int failure = bm_sync_folder(folder);
    free(folder);
    return failure;
}

bm_status bm_writer_commit(bm_writer *writer, bm_error *error) {
    if (fflush(writer->file) != 0 || (writer->temporary && fsync(fileno(writer->file)) != 0)) {
        remember(writer, errno);
    }
    if (fclose(writer->file) != 0) {
        remember(writer, errno);
    }
    if (!writer->failure && writer->temporary && rename(writer->temporary, writer->path) != 0) {
        remember(writer, errno);
    }
    if (writer->failure) {
        remove_temporary(writer);
    } else if (writer->temporary) {
        remember(writer, sync_folder_of(writer->path));
    }
    bm_status status = BM_OK;
    if (writer->failure) {
        status = bm_fail(error, "cannot write %s: %s", writer->path, strerror(writer->failure));
    }
    free_writer(writer);
    return status;
}

void bm_writer_abandon(bm_writer *writer) {
    if (writer) {
        fclose(writer->file);
        remove_temporary(writer);
        free_writer(writer);
    }
}

bm_status bm_write_file(const char *path, const void *data, size_t bytes, bm_error *error) {
    bm_writer *writer;
    const bm_status status = bm_writer_open(&writer, path, error);
    if (status != BM_OK) {
        return status;
    }
    bm_writer_put(writer, data, bytes);
    return bm_writer_commit(writer, error);
}

/* Fills buffer from fd until it is full or the file ends. */
static bool read_fully(int fd, char *buffer, size_t bytes, size_t *total) {
    for (*total = 0; *total < bytes;) {
        const ssize_t got = read(fd, buffer + *total, bytes - *total);
        if (got == 0) {
            return true;
        }
        if (got < 0 && errno != EINTR) {
            return false;
        }
        *total += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bm_status read_open_file(int fd, const char *path, size_t limit, bm_arena *arena, char **data, size_t *bytes,
                                bm_error *error) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return bm_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return bm_fail(error, "cannot read %s: %s", path,
                       S_ISDIR(status.st_mode) ? strerror(EISDIR) : "not a plain file");
    }
    const size_t size = (size_t)status.st_size;
    if (size > limit) {
        return bm_fail(error, "%s has %zu bytes, more than the %zu that such a file may have", path, size, limit);
    }
    char *text = bm_arena_alloc(arena, size < SIZE_MAX ? size + 1 : SIZE_MAX, 1);
    if (!text) {
        return bm_fail(error, "not enough memory for %s (%zu bytes)", path, size);
    }
    size_t total;
    if (!read_fully(fd, text, size, &total)) {
        return bm_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    if (total != size) {
        return bm_fail(error, "%s became shorter while it was read", path);
    }
    *data = text;
    *bytes = size;
    return BM_OK;
}

bm_status bm_read_file(const char *path, size_t limit, bm_arena *arena, char **data, size_t *bytes, bm_error *error) {
    *data = NULL;
    *bytes = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe is refused, not waited for */
    if (fd < 0) {
        return bm_fail(error, "cannot read %s: %s", path, strerror(errno));
    }
    const bm_status status = read_open_file(fd, path, limit, arena, data, bytes, error);
    close(fd);
    return status;
}

static int make_folder(const char *path) { /* 0 or errno */
    struct stat status;
    if (mkdir(path, 0777) == 0) {
        return 0;
    }
    const int failure = errno;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : failure;
}

bm_status bm_make_folders(const char *path, bm_error *error) {
    char *part = concatenate(path, "");
    if (!part) {
        return bm_fail(error, "cannot make folder %s: %s", path, strerror(ENOMEM));
    }
    bm_status status = BM_OK;
    size_t end = 0;
    do {
        end += strspn(path + end, "/");
        end += strcspn(path + end, "/");
        part[end] = '\0';
        const int failure = make_folder(part);
        if (failure) {
            status = bm_fail(error, "cannot make folder %s: %s", part, strerror(failure));
        }
        part[end] = path[end];
    } while (status == BM_OK && path[end]);
    free(part);
    return status;
}

bool bm_path_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

char *bm_cut_line(char *line) {
    char *end = line + strcspn(line, "\n"), *next = end + (*end == '\n');
    do {
        *end = '\0';
    } while (end > line && *--end == '\r');
    return next;
}
