#ifndef BM_CORE_IO_H
#define BM_CORE_IO_H

/* Files, such that nothing is ever half-written: a new version is written beside the old one, flushed to the disk and
 * renamed over it. Messages name the path and the system's reason. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

typedef struct bm_writer bm_writer; /* a file being written as PATH.tmp; a device or pipe is written in place */

bm_status bm_writer_open(bm_writer **writer, const char *path, bm_error *error);
void bm_writer_put(bm_writer *writer, const void *data, size_t bytes); /* the first failure is kept for commit */
/* Flush, fsync, rename to path, fsync the folder; on any failure the temporary file is removed, the old version
 * stays. */
bm_status bm_writer_commit(bm_writer *writer, bm_error *error);
void bm_writer_abandon(bm_writer *writer);

bm_status bm_write_file(const char *path, const void *data, size_t bytes, bm_error *error); /* all of the above */
/* Whole file into the arena with a 0 byte after it; refuses files above limit bytes. */
bm_status bm_read_file(const char *path, size_t limit, bm_arena *arena, char **data, size_t *bytes, bm_error *error);
/* Ends the line at a '\0' in place of its newline and the carriage returns before it. Returns where the next begins. */
char *bm_cut_line(char *line);
bm_status bm_make_folders(const char *path, bm_error *error); /* mkdir -p */
bool bm_path_exists(const char *path);
/* A new name in a folder lasts through a power cut only once the folder is flushed. 0 or errno; folders that may not be
 * read, and file systems that cannot flush one, leave that to the kernel: 0. */
int bm_sync_folder(const char *folder);

/* CRC-32C (Castagnoli), RFC 3720; continue by passing the last result, start with 0. */
uint32_t bm_crc32c(uint32_t crc, const void *data, size_t bytes);

#endif
