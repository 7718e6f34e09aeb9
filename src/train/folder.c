/* The folder of a run: claimed by mkdir, so that two runs that start in the same second never share one. Checkpoints
 * are saved in an order that survives a crash at any moment: new replay rows first (no checkpoint looks at them yet),
 * then the checkpoint by rename, and only then is a replay file removed that no checkpoint needs. */
#include "train/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/io.h"

double bm_folder_seconds(const bm_folder *folder) {
    return folder->seconds + bm_clock() - folder->clock_start;
}

/* ---- creation --------------------------------------------------------------------------------------------------- */

static bm_status name_folder(bm_folder *folder, const char *path, bm_error *error) {
    if (snprintf(folder->path, sizeof folder->path, "%s", path) >= (int)sizeof folder->path) {
        return bm_invalid(error, "the run folder's name is too long: %.80s...", path);
    }
    snprintf(folder->checkpoints, sizeof folder->checkpoints, "%s/checkpoint", folder->path);
    return BM_OK;
}

/* Two processes never write to one folder. The lock ends with the process, however it ends. */
static bm_status lock_folder(bm_folder *folder, bm_error *error) {
    char path[BM_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/lock", folder->checkpoints);
    folder->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock < 0) {
        return bm_fail(error, "cannot open %s: %s", path, strerror(errno));
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(folder->lock, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN)) {
        return bm_fail(error, "%s is being trained by another process", folder->path);
    }
    return BM_OK; /* file systems without locks are used without */
}

/* The first of NAME, NAME-2, ... that nobody has. */
static bm_status claim_name(bm_folder *folder, const char *parent, const char *name, bm_error *error) {
    char path[2 * BM_PATH_MAX], suffix[16] = "";
    for (int attempt = 2;; attempt++) {
        snprintf(path, sizeof path, "%s/%s%s", parent, name, suffix);
        BM_TRY(name_folder(folder, path, error));
        if (mkdir(path, 0777) == 0) {
            return bm_make_folders(folder->checkpoints, error);
        }
        if (errno != EEXIST) {
            return bm_fail(error, "cannot create the run folder %s: %s", folder->path, strerror(errno));
        }
        snprintf(suffix, sizeof suffix, "-%d", attempt);
    }
}

static void usual_name(int seed, char *name, size_t bytes) {
    char stamp[64];
    const time_t now = time(NULL);
    struct tm calendar;
    localtime_r(&now, &calendar);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &calendar);
    snprintf(name, bytes, "seed%d-%s", seed, stamp);
}

static bm_status make_folder(bm_folder *folder, const bm_experiment *experiment, const char *runs, const char *name,
                             bm_error *error) {
    char parent[BM_PATH_MAX], usual[96];
    const char *slash = name ? strrchr(name, '/') : NULL;
    const int group = slash ? (int)(slash - name) : 0;
    const int n = snprintf(parent, sizeof parent, "%s/%s/%s%s%.*s", runs, experiment->problem.name,
                           experiment->learner.name, group ? "/" : "", group, name ? name : "");
    if (n >= (int)sizeof parent) {
        return bm_invalid(error, "--runs is too long: %.80s...", runs);
    }
    if (name && (name[0] == '.' || slash == name || !name[slash ? group + 1 : 0])) {
        return bm_invalid(error, "%s is no name of a run folder", name);
    }
    usual_name(experiment->run->seed, usual, sizeof usual);
    BM_TRY(bm_make_folders(parent, error));
    return claim_name(folder, parent, slash ? slash + 1 : name ? name : usual, error);
}

static bm_status write_config(const bm_folder *folder, const bm_experiment *experiment, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/config.yaml", folder->path);
    return bm_experiment_write(experiment, path, error);
}

bm_status bm_folder_create(bm_folder *folder, const bm_experiment *experiment, const char *runs, const char *name,
                           bm_error *error) {
    BM_TRY(make_folder(folder, experiment, runs, name, error));
    BM_TRY(lock_folder(folder, error));
    return write_config(folder, experiment, error);
}

/* Files whose names begin so, but for the last `keep` of them by name. */
static void remove_files(const char *path, const char *beginning, int keep) {
    for (;;) {
        char first[256] = "", file[BM_PATH_MAX + 16 + sizeof first];
        int count = 0;
        DIR *listing = opendir(path);
        if (!listing) {
            return;
        }
        for (const struct dirent *entry; (entry = readdir(listing));) {
            if (strncmp(entry->d_name, beginning, strlen(beginning)) == 0) {
                count++;
                if (!first[0] || strcmp(entry->d_name, first) < 0) {
                    snprintf(first, sizeof first, "%.255s", entry->d_name);
                }
            }
        }
        closedir(listing);
        snprintf(file, sizeof file, "%s/%s", path, first);
        if (count <= keep || unlink(file) != 0) {
            return;
        }
    }
}

void bm_folder_prune(const bm_folder *folder, int keep) {
    remove_files(folder->checkpoints, "step-", keep);
}

bm_status bm_folder_create_at(bm_folder *folder, const bm_experiment *experiment, const char *path, bm_error *error) {
    static const char *const checkpoint_names[] = {"last.", "best.", "step-"};
    BM_TRY(name_folder(folder, path, error));
    BM_TRY(bm_make_folders(folder->checkpoints, error));
    BM_TRY(lock_folder(folder, error));
    for (size_t i = 0; i < sizeof checkpoint_names / sizeof checkpoint_names[0]; i++) {
        remove_files(folder->checkpoints, checkpoint_names[i], 0);
    }
    static const char *const others[] = {"events.out.tfevents.", "changes.csv", "result.json"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        remove_files(folder->path, others[i], 0);
    }
    return write_config(folder, experiment, error);
}

bm_status bm_folder_open(bm_folder *folder, const char *path, bm_error *error) {
    BM_TRY(name_folder(folder, path, error));
    return lock_folder(folder, error);
}

void bm_folder_close(bm_folder *folder) {
    bm_metrics_close(folder->metrics, NULL);
    if (folder->lock >= 0) {
        close(folder->lock);
    }
}

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

/* What a checkpoint remembers of the folder. */
enum { CLOCKS = 6 };
static const char *const clock_names[CLOCKS] = {"started",         "seconds",        "eval_seconds",
                                                "length.progress", "length.monitor", "length.events"};

bm_status bm_folder_metrics(bm_folder *folder, const char *const *names, int count, const char *env,
                            const bm_safetensors *checkpoint, bm_error *error) {
    double clock[CLOCKS] = {(double)time(NULL)};
    for (int i = 0; checkpoint && i < CLOCKS; i++) {
        BM_TRY(bm_checkpoint_number(checkpoint, clock_names[i], &clock[i], error));
    }
    const bm_metrics_length length = {(int64_t)clock[3], (int64_t)clock[4], (int64_t)clock[5]};
    folder->started = clock[0];
    folder->seconds = clock[1];
    folder->eval_seconds = clock[2];
    return bm_metrics_open(&folder->metrics, folder->path, names, count, env, folder->started,
                           checkpoint ? &length : NULL, error);
}

/* ---- saving ----------------------------------------------------------------------------------------------------- */

static const char format_name[] = "bellman-checkpoint-2";

static void put_text(cJSON *metadata, const char *key, const char *text) {
    cJSON_DeleteItemFromObjectCaseSensitive(metadata, key);
    cJSON_AddStringToObject(metadata, key, text);
}

void bm_folder_put_number(cJSON *metadata, const char *key, double number) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    put_text(metadata, key, text);
}

bm_status bm_folder_save(bm_folder *folder, const char *name, const bm_state *state, cJSON *metadata,
                         const bm_replay *replay, bm_replay_file *replay_file, bm_error *error) {
    char path[BM_PATH_MAX + 128];
    bm_metrics_length length;
    bm_replay_file next = *replay_file;
    BM_TRY(bm_metrics_flush(folder->metrics, &length, error));
    const double clock[CLOCKS] = {folder->started,         bm_folder_seconds(folder), folder->eval_seconds,
                                  (double)length.progress, (double)length.monitor,    (double)length.events};
    for (int i = 0; i < CLOCKS; i++) {
        bm_folder_put_number(metadata, clock_names[i], clock[i]);
    }
    if (replay) {
        BM_TRY(bm_replay_save(replay, folder->checkpoints, &next, error));
        put_text(metadata, "replay.file", next.name);
        bm_folder_put_number(metadata, "replay.first", (double)next.first);
        bm_folder_put_number(metadata, "replay.end", (double)next.end);
        bm_folder_put_number(metadata, "replay.crc32c", next.crc);
    }
    put_text(metadata, "format", format_name);
    snprintf(path, sizeof path, "%s/%s.safetensors", folder->checkpoints, name);
    BM_TRY(bm_safetensors_save(path, state, metadata, error));
    if (replay_file->name[0] && strcmp(replay_file->name, next.name) != 0) {
        snprintf(path, sizeof path, "%s/%s", folder->checkpoints, replay_file->name);
        unlink(path);
    }
    *replay_file = next;
    return BM_OK;
}

void bm_folder_numbered(char name[BM_CHECKPOINT_NAME], int64_t step) {
    snprintf(name, BM_CHECKPOINT_NAME, "step-%09" PRId64, step);
}

/* ---- loading ---------------------------------------------------------------------------------------------------- */

static const char *text_of(const bm_safetensors *checkpoint, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(checkpoint->metadata, key));
}

bm_status bm_folder_checkpoint(const char *path, const char *checkpoint, bm_safetensors *file, bm_error *error) {
    char file_path[BM_PATH_MAX + 80], name[BM_CHECKPOINT_NAME], *end;
    if (!bm_path_exists(path)) {
        return bm_fail(error, "no run folder %s", path);
    }
    const int n = snprintf(file_path, sizeof file_path, "%s/checkpoint", path);
    if (n >= BM_PATH_MAX + 16 || !bm_path_exists(file_path)) {
        return bm_fail(error, "%s is not a run folder: it has no folder checkpoint", path);
    }
    const long long step = strtoll(checkpoint, &end, 10);
    if (end != checkpoint && *end == '\0') {
        bm_folder_numbered(name, step);
    } else if (strcmp(checkpoint, "last") == 0 || strcmp(checkpoint, "best") == 0) {
        snprintf(name, sizeof name, "%s", checkpoint);
    } else {
        return bm_invalid(error, "checkpoint=%s is none of last, best or a step number", checkpoint);
    }
    snprintf(file_path, sizeof file_path, "%s/checkpoint/%s.safetensors", path, name);
    if (!bm_path_exists(file_path)) {
        return bm_fail(error, "%s has no checkpoint %s (numbered ones are kept by --keep N)", path, name);
    }
    BM_TRY(bm_safetensors_load(file_path, false, file, error));
    const char *format = text_of(file, "format");
    if (!format || strcmp(format, format_name) != 0) {
        const bm_status status = bm_fail(error, "%s is not a checkpoint of this version (its format is %s, not %s)",
                                         file_path, format ? format : "not stated", format_name);
        bm_safetensors_free(file);
        return status;
    }
    return BM_OK;
}

bm_status bm_checkpoint_number(const bm_safetensors *checkpoint, const char *key, double *number, bm_error *error) {
    const char *text = text_of(checkpoint, key);
    char *end = NULL;
    *number = text ? strtod(text, &end) : NAN;
    return text && end != text && !*end ? BM_OK : bm_fail(error, "the checkpoint's metadata has no number %s", key);
}

bm_status bm_folder_restore(const bm_folder *folder, const bm_safetensors *checkpoint, const bm_state *state,
                            bm_replay *replay, bm_replay_file *replay_file, bm_error *error) {
    double first, end, crc;
    BM_TRY(bm_safetensors_restore(checkpoint, state, error));
    if (!replay) {
        return BM_OK;
    }
    const char *name = text_of(checkpoint, "replay.file");
    if (!name || strncmp(name, "replay-", 7) != 0 || strchr(name, '/') || strlen(name) >= sizeof replay_file->name) {
        return bm_fail(error, "the checkpoint does not say where its replay buffer is");
    }
    BM_TRY(bm_checkpoint_number(checkpoint, "replay.first", &first, error));
    BM_TRY(bm_checkpoint_number(checkpoint, "replay.end", &end, error));
    BM_TRY(bm_checkpoint_number(checkpoint, "replay.crc32c", &crc, error));
    if (!(first >= 0 && end >= first && end < 1e15 && crc >= 0 && crc <= 4294967295.0)) {
        return bm_fail(error, "the checkpoint's description of its replay buffer is damaged");
    }
    *replay_file = (bm_replay_file){.first = (int64_t)first, .end = (int64_t)end, .crc = (uint32_t)crc};
    snprintf(replay_file->name, sizeof replay_file->name, "%s", name);
    return bm_replay_load(replay, folder->checkpoints, replay_file, error);
}
