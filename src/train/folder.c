/* The folder of a run: claimed by mkdir, so that two runs that start in the same second never share one. */
#include "train/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

static bm_status too_long(const char *path, bm_error *error) {
    return bm_invalid(error, "the run folder's name is too long: %.80s...", path);
}

/* Two processes never write to one folder. The lock ends with the process, however it ends. */
static bm_status lock_folder(bm_folder *folder, bm_error *error) {
    char path[BM_PATH_MAX + 32];
    snprintf(folder->checkpoints, sizeof folder->checkpoints, "%s/checkpoint", folder->path);
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

static bm_status claim(const char *path, bool *taken, bm_error *error) {
    *taken = false;
    if (mkdir(path, 0777) == 0) {
        char checkpoints[BM_PATH_MAX];
        const int n = snprintf(checkpoints, sizeof checkpoints, "%s/checkpoint", path);
        return n < (int)sizeof checkpoints ? bm_make_folders(checkpoints, error) : too_long(path, error);
    }
    *taken = errno == EEXIST;
    return *taken ? BM_OK : bm_fail(error, "cannot create the run folder %s: %s", path, strerror(errno));
}

/* The first of NAME, NAME-2, ... that nobody has. */
static bm_status claim_name(bm_folder *folder, const char *parent, const char *name, bm_error *error) {
    for (int attempt = 1;; attempt++) {
        char suffix[16] = "";
        bool taken;
        if (attempt > 1) {
            snprintf(suffix, sizeof suffix, "-%d", attempt);
        }
        const int n = snprintf(folder->path, sizeof folder->path, "%s/%s%s", parent, name, suffix);
        if (n >= (int)sizeof folder->path) {
            return too_long(folder->path, error);
        }
        const bm_status status = claim(folder->path, &taken, error);
        if (status != BM_OK || !taken) {
            return status;
        }
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
    const bm_status status = bm_make_folders(parent, error);
    return status == BM_OK ? claim_name(folder, parent, slash ? slash + 1 : name ? name : usual, error) : status;
}

static bm_status write_config(const bm_folder *folder, const bm_experiment *experiment, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/config.yaml", folder->path);
    return bm_experiment_write(experiment, path, error);
}

bm_status bm_folder_create(bm_folder *folder, const bm_experiment *experiment, const char *runs, const char *name,
                           bm_error *error) {
    bm_status status = make_folder(folder, experiment, runs, name, error);
    if (status == BM_OK) {
        status = lock_folder(folder, error);
    }
    return status == BM_OK ? write_config(folder, experiment, error) : status;
}

/* Files whose names begin so. */
static void remove_files(const char *path, const char *beginning) {
    DIR *listing = opendir(path);
    if (!listing) {
        return;
    }
    for (const struct dirent *entry; (entry = readdir(listing));) {
        char file[BM_PATH_MAX + 16 + 256];
        if (strncmp(entry->d_name, beginning, strlen(beginning)) == 0) {
            snprintf(file, sizeof file, "%s/%.255s", path, entry->d_name);
            unlink(file);
        }
    }
    closedir(listing);
}

bm_status bm_folder_create_at(bm_folder *folder, const bm_experiment *experiment, const char *path, bm_error *error) {
    char checkpoints[BM_PATH_MAX];
    const int n = snprintf(checkpoints, sizeof checkpoints, "%s/checkpoint", path);
    bm_status status = n < (int)sizeof checkpoints ? bm_make_folders(checkpoints, error) : too_long(path, error);
    if (status == BM_OK) {
        status = bm_folder_open(folder, path, error);
    }
    if (status != BM_OK) {
        return status;
    }
    static const char *const checkpoint_names[] = {"last.", "best.", "step-"};
    for (size_t i = 0; i < sizeof checkpoint_names / sizeof checkpoint_names[0]; i++) {
        remove_files(folder->checkpoints, checkpoint_names[i]);
    }
    remove_files(folder->path, "events.out.tfevents."); /* named after the second in which a run began */
    return write_config(folder, experiment, error);
}

bm_status bm_folder_open(bm_folder *folder, const char *path, bm_error *error) {
    if (snprintf(folder->path, sizeof folder->path, "%s", path) >= (int)sizeof folder->path) {
        return too_long(path, error);
    }
    return lock_folder(folder, error);
}

void bm_folder_close(bm_folder *folder) {
    bm_metrics_close(folder->metrics, NULL);
    if (folder->lock >= 0) {
        close(folder->lock);
    }
}

/* ---- what a checkpoint remembers of it ---------------------------------------------------------------------------- */

static bm_status restore_clocks(bm_folder *folder, const bm_safetensors *checkpoint, bm_metrics_length *length,
                                bm_error *error) {
    double progress, monitor, events;
    const struct {
        const char *key;
        double *number;
    } known[] = {
        {"started", &folder->started},  {"seconds", &folder->seconds}, {"eval_seconds", &folder->eval_seconds},
        {"length.progress", &progress}, {"length.monitor", &monitor},  {"length.events", &events},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const bm_status status = bm_checkpoint_number(checkpoint, known[i].key, known[i].number, error);
        if (status != BM_OK) {
            return status;
        }
    }
    *length = (bm_metrics_length){(int64_t)progress, (int64_t)monitor, (int64_t)events};
    return BM_OK;
}

bm_status bm_folder_metrics(bm_folder *folder, const char *const *names, int count, const char *env,
                            const bm_safetensors *checkpoint, bm_error *error) {
    bm_metrics_length length;
    bm_status status = BM_OK;
    if (checkpoint) {
        status = restore_clocks(folder, checkpoint, &length, error);
    } else {
        folder->started = (double)time(NULL);
    }
    return status == BM_OK ? bm_metrics_open(&folder->metrics, folder->path, names, count, env, folder->started,
                                             checkpoint ? &length : NULL, error)
                           : status;
}

void bm_folder_put_number(cJSON *metadata, const char *key, double number) {
    char text[32];
    snprintf(text, sizeof text, "%.17g", number);
    cJSON_AddStringToObject(metadata, key, text);
}

static bm_status save(bm_folder *folder, const char *name, const bm_state *state, cJSON *metadata,
                      const bm_replay *replay, bm_replay_file *replay_file, bm_error *error) {
    bm_metrics_length length;
    const bm_status status = bm_metrics_flush(folder->metrics, &length, error);
    if (status != BM_OK) {
        return status;
    }
    bm_folder_put_number(metadata, "started", folder->started);
    bm_folder_put_number(metadata, "seconds", bm_folder_seconds(folder));
    bm_folder_put_number(metadata, "eval_seconds", folder->eval_seconds);
    bm_folder_put_number(metadata, "length.progress", (double)length.progress);
    bm_folder_put_number(metadata, "length.monitor", (double)length.monitor);
    bm_folder_put_number(metadata, "length.events", (double)length.events);
    return bm_checkpoint_save(folder->checkpoints, name, state, metadata, replay, replay_file, error);
}

bm_status bm_folder_save(bm_folder *folder, const char *name, const bm_state *state, cJSON *metadata,
                         const bm_replay *replay, bm_replay_file *replay_file, bm_error *error) {
    const bm_status status = metadata ? save(folder, name, state, metadata, replay, replay_file, error)
                                      : bm_fail(error, "not enough memory for the checkpoint's metadata");
    cJSON_Delete(metadata);
    return status;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------ */

void bm_folder_numbered(char name[BM_CHECKPOINT_NAME], int64_t step) {
    snprintf(name, BM_CHECKPOINT_NAME, "step-%09" PRId64, step);
}

void bm_folder_prune(const bm_folder *folder, int keep) {
    for (;;) {
        char oldest[64] = "";
        int count = 0;
        DIR *listing = opendir(folder->checkpoints);
        if (!listing) {
            return;
        }
        for (const struct dirent *entry; (entry = readdir(listing));) {
            if (strncmp(entry->d_name, "step-", 5) != 0 || strlen(entry->d_name) >= sizeof oldest) {
                continue;
            }
            count++;
            if (!oldest[0] || strcmp(entry->d_name, oldest) < 0) {
                snprintf(oldest, sizeof oldest, "%.63s", entry->d_name);
            }
        }
        closedir(listing);
        char path[BM_PATH_MAX + 96];
        snprintf(path, sizeof path, "%s/%s", folder->checkpoints, oldest);
        if (count <= keep || unlink(path) != 0) {
            return;
        }
    }
}

bm_status bm_folder_checkpoint(const char *path, const char *checkpoint, bm_safetensors *file, bm_error *error) {
    char checkpoints[BM_PATH_MAX + 16], name[BM_CHECKPOINT_NAME], *end;
    if (!bm_path_exists(path)) {
        return bm_fail(error, "no run folder %s", path);
    }
    const int n = snprintf(checkpoints, sizeof checkpoints, "%s/checkpoint", path);
    if (n >= (int)sizeof checkpoints || !bm_path_exists(checkpoints)) {
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
    char file_path[BM_PATH_MAX + 80];
    bm_checkpoint_path(checkpoints, name, file_path, sizeof file_path);
    if (!bm_path_exists(file_path)) {
        return bm_fail(error, "%s has no checkpoint %s (numbered ones are kept by --keep N)", path, name);
    }
    return bm_checkpoint_open(checkpoints, name, file, error);
}
