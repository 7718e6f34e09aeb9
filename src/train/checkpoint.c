/* Saving and loading, in an order that survives a crash at any moment: new replay rows first (no checkpoint looks at them
 * yet), then the checkpoint by rename, and only then is a replay file removed that no checkpoint needs. */
#include "train/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

static const char format_name[] = "bellman-checkpoint-1";

void bm_checkpoint_path(const char *folder, const char *name, char *path, size_t bytes) {
    snprintf(path, bytes, "%s/%s.safetensors", folder, name);
}

static void put_text(cJSON *metadata, const char *key, const char *text) {
    cJSON_DeleteItemFromObjectCaseSensitive(metadata, key);
    cJSON_AddStringToObject(metadata, key, text);
}

static void put_integer(cJSON *metadata, const char *key, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    put_text(metadata, key, text);
}

bm_status bm_checkpoint_save(const char *folder, const char *name, const bm_state *state, cJSON *metadata,
                             const bm_replay *replay, bm_replay_file *file, bm_error *error) {
    bm_replay_file next = *file;
    if (replay) {
        const bm_status status = bm_replay_save(replay, folder, &next, error);
        if (status != BM_OK) {
            return status;
        }
        put_text(metadata, "replay.file", next.name);
        put_integer(metadata, "replay.first", next.first);
        put_integer(metadata, "replay.end", next.end);
        put_integer(metadata, "replay.crc32c", next.crc);
    }
    put_text(metadata, "format", format_name);
    char path[4096];
    bm_checkpoint_path(folder, name, path, sizeof path);
    const bm_status status = bm_safetensors_save(path, state, metadata, error);
    if (status != BM_OK) {
        return status;
    }
    if (file->name[0] && strcmp(file->name, next.name) != 0) {
        snprintf(path, sizeof path, "%s/%s", folder, file->name);
        unlink(path);
    }
    *file = next;
    return BM_OK;
}

bm_status bm_checkpoint_open(const char *folder, const char *name, bm_safetensors *checkpoint, bm_error *error) {
    char path[4096];
    bm_checkpoint_path(folder, name, path, sizeof path);
    const bm_status status = bm_safetensors_load(path, false, checkpoint, error);
    if (status != BM_OK) {
        return status;
    }
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "format"));
    if (!format || strcmp(format, format_name) != 0) {
        bm_safetensors_free(checkpoint);
        return bm_fail(error, "%s is not a checkpoint of this version (its format is %s, not %s)", path,
                       format ? format : "not stated", format_name);
    }
    return BM_OK;
}

bm_status bm_checkpoint_number(const bm_safetensors *checkpoint, const char *key, double *number, bm_error *error) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, key));
    char *end = NULL;
    *number = text ? strtod(text, &end) : NAN;
    if (!text || end == text || *end) {
        return bm_fail(error, "the checkpoint's metadata has no number %s", key);
    }
    return BM_OK;
}

bm_status bm_checkpoint_restore(const bm_safetensors *checkpoint, const char *folder, const bm_state *state,
                                bm_replay *replay, bm_replay_file *file, bm_error *error) {
    bm_status status = bm_safetensors_restore(checkpoint, state, error);
    if (status != BM_OK || !replay) {
        return status;
    }
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, "replay.file"));
    double first, end, crc;
    if (!name || strncmp(name, "replay-", 7) != 0 || strchr(name, '/') || strlen(name) >= sizeof file->name) {
        return bm_fail(error, "the checkpoint does not say where its replay buffer is");
    }
    if ((status = bm_checkpoint_number(checkpoint, "replay.first", &first, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "replay.end", &end, error)) != BM_OK ||
        (status = bm_checkpoint_number(checkpoint, "replay.crc32c", &crc, error)) != BM_OK) {
        return status;
    }
    if (!(first >= 0 && end >= first && end < 1e15 && crc >= 0 && crc <= 4294967295.0)) {
        return bm_fail(error, "the checkpoint's description of its replay buffer is damaged");
    }
    snprintf(file->name, sizeof file->name, "%s", name);
    file->first = (int64_t)first;
    file->end = (int64_t)end;
    file->crc = (uint32_t)crc;
    return bm_replay_load(replay, folder, file, error);
}
