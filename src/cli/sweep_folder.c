/* The folder of a sweep, and what lies in it. A run counts as ended when its result.json belongs to its last
 * checkpoint; one that has a checkpoint goes on from there; one without was killed while it began, and begins again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/result.h"
#include "cli/sweep.h"
#include "core/io.h"

/* One process a sweep: two would take each other's beginnings for remains. The lock ends with the process, however it
 * ends. */
static bm_status lock_folder(bm_sweep *sweep, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/lock", sweep->folder);
    sweep->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (sweep->lock < 0) {
        return bm_fail(error, "cannot open %s: %s", path, strerror(errno));
    }
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(sweep->lock, F_SETLK, &whole) != 0 && (errno == EACCES || errno == EAGAIN)) {
        return bm_fail(error, "the sweep in %s is being trained by another process", sweep->folder);
    }
    return BM_OK; /* file systems without locks are used without */
}

/* ---- runs that are there already -------------------------------------------------------------------------------- */

static bm_status check_made_alike(const bm_run_entry *entry, const bm_experiment *experiment, bm_error *error) {
    cJSON *wanted = bm_experiment_metadata(experiment);
    if (!wanted) {
        return bm_fail(error, "not enough memory to compare %s", entry->path);
    }
    bm_status status = BM_OK;
    const cJSON *item;
    cJSON_ArrayForEach(item, wanted) {
        const char *theirs = bm_run_setting(entry, item->string), *ours = cJSON_GetStringValue(item);
        const char *dot = strchr(item->string, '.');
        if (status == BM_OK && dot && bm_run_is_setting(item->string) && (!theirs || strcmp(theirs, ours) != 0)) {
            status = bm_invalid(error, "%s was made with %s=%s, not %s; give this sweep a --name of its own",
                                entry->path, dot + 1, theirs ? theirs : "nothing", ours);
        }
    }
    cJSON_Delete(wanted);
    return status;
}

bm_status bm_sweep_experiment(const bm_sweep *sweep, const bm_sweep_run *run, bm_experiment *experiment,
                              bm_error *error) {
    BM_TRY(bm_experiment_copy(experiment, &sweep->setting[run->setting].experiment, error));
    experiment->run->seed = run->seed;
    return BM_OK;
}

static bm_status examine(const bm_sweep *sweep, bm_sweep_run *run, bm_error *error) {
    char folder[BM_PATH_MAX], checkpoint[BM_PATH_MAX + 64];
    bm_sweep_run_folder(sweep, run, folder, sizeof folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint/last.safetensors", folder);
    if (!bm_path_exists(checkpoint)) {
        return BM_OK;
    }
    bm_run_entry entry;
    bm_experiment experiment;
    bm_status status = bm_sweep_experiment(sweep, run, &experiment, error);
    if (status == BM_OK) {
        status = bm_run_entry_read(&entry, folder) == BM_OK ? check_made_alike(&entry, &experiment, error)
                                                            : bm_run_damaged(&entry, error);
        cJSON_Delete(entry.metadata);
    }
    bm_experiment_free(&experiment);
    if (status != BM_OK) {
        return status;
    }
    run->state = BM_SWEEP_BEGUN;
    cJSON *result = bm_result_read(folder);
    if (bm_result_number(result, "steps") == (double)entry.steps && isfinite(bm_result_number(result, "eval_return"))) {
        run->state = BM_SWEEP_ENDED;
        run->result = result;
    } else {
        cJSON_Delete(result);
    }
    return BM_OK;
}

bm_status bm_sweep_open(bm_sweep *sweep, bm_error *error) {
    char checkpoint[BM_PATH_MAX + 16];
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", sweep->folder);
    if (bm_path_exists(checkpoint)) {
        return bm_invalid(error, "%s is the folder of a run; give this sweep another --name", sweep->folder);
    }
    bm_status status = bm_make_folders(sweep->folder, error);
    if (status == BM_OK) {
        status = lock_folder(sweep, error);
    }
    for (int i = 0; i < sweep->runs && status == BM_OK; i++) {
        status = examine(sweep, &sweep->run[i], error);
    }
    return status;
}

/* ---- remains ---------------------------------------------------------------------------------------------------- */

/* Removes the files whose names begin so, and then the folder, unless there is more in it. */
static int remove_folder(const char *folder, const char *const *beginnings) {
    DIR *listing = opendir(folder);
    if (!listing) {
        return errno == ENOENT ? 0 : errno;
    }
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        for (int i = 0; beginnings[i]; i++) {
            char path[BM_PATH_MAX + 256];
            if (strncmp(entry->d_name, beginnings[i], strlen(beginnings[i])) == 0) {
                snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
                unlink(path); /* what stays is told by rmdir */
                break;
            }
        }
    }
    closedir(listing);
    return rmdir(folder) == 0 ? 0 : errno;
}

bm_status bm_sweep_clear(const char *folder, bm_error *error) {
    static const char *const of_checkpoint[] = {"lock", "replay", "last.safetensors.tmp", NULL};
    static const char *const of_run[] = {"config.yaml", "progress.csv", "monitor.csv", "events.out.tfevents.", NULL};
    char checkpoint[BM_PATH_MAX + 16];
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
    int failure = remove_folder(checkpoint, of_checkpoint);
    failure = failure ? failure : remove_folder(folder, of_run);
    return failure ? bm_fail(error, "%s has no checkpoint to go on from and cannot be removed: %s", folder,
                             strerror(failure))
                   : BM_OK;
}
