/* The folder of a run: claimed by mkdir, so that two runs that start in the same second never share one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/io.h"
#include "train/folder.h"
#include "train/run.h"

static bm_status claim(const char *folder, bool *taken, bm_error *error) {
    *taken = false;
    if (mkdir(folder, 0777) == 0) {
        char checkpoints[BM_PATH_MAX];
        const int n = snprintf(checkpoints, sizeof checkpoints, "%s/checkpoint", folder);
        return n < (int)sizeof checkpoints ? bm_make_folders(checkpoints, error)
                                           : bm_fail(error, "the run folder's name is too long: %.80s...", folder);
    }
    *taken = errno == EEXIST;
    return *taken ? BM_OK : bm_fail(error, "cannot create the run folder %s: %s", folder, strerror(errno));
}

bm_status bm_run_folder_create(const bm_experiment *experiment, const char *runs, const char *name, char *folder,
                               size_t bytes, bm_error *error) {
    char stamp[64], parent[BM_PATH_MAX];
    const time_t now = time(NULL);
    struct tm calendar;
    localtime_r(&now, &calendar);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &calendar);
    int n = snprintf(parent, sizeof parent, "%s/%s/%s", runs, experiment->env->id, experiment->agent->name);
    if (n >= (int)sizeof parent) {
        return bm_invalid(error, "--runs is too long: %.80s...", runs);
    }
    if (name && (!*name || strchr(name, '/') || name[0] == '.')) {
        return bm_invalid(error, "name=%s must be a folder's name, without a slash or a leading dot", name);
    }
    bm_status status = bm_make_folders(parent, error);
    for (int attempt = 1; status == BM_OK; attempt++) {
        char suffix[16] = "";
        if (attempt > 1) {
            snprintf(suffix, sizeof suffix, "-%d", attempt);
        }
        n = name ? snprintf(folder, bytes, "%s/%s%s", parent, name, suffix)
                 : snprintf(folder, bytes, "%s/seed%d-%s%s", parent, experiment->run.seed, stamp, suffix);
        if (n >= (int)bytes) {
            return bm_invalid(error, "the run folder's name is too long: %.80s...", folder);
        }
        bool taken;
        status = claim(folder, &taken, error);
        if (status == BM_OK && !taken) {
            return BM_OK;
        }
    }
    return status;
}
