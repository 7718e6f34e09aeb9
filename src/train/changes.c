/* See changes.h. */
#include "train/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "train/folder.h"

static const char header[] = "step,option,value";

enum { LINE_BYTES = 32 + BM_OPTION_KEY_BYTES + BM_CHANGE_VALUE_BYTES, FILE_LIMIT = 1 << 24 };

void bm_changes_free(bm_changes *changes) {
    free(changes->items);
    *changes = (bm_changes){0};
}

/* Behind everything of the same step. */
static bm_status insert(bm_changes *changes, const bm_change *change, bm_error *error) {
    bm_change *grown = realloc(changes->items, (size_t)(changes->count + 1) * sizeof *grown);
    int at = changes->count;
    if (!grown) {
        return bm_fail(error, "not enough memory for the changes of hyperparameters");
    }
    for (; at > 0 && grown[at - 1].step > change->step; at--) {
        grown[at] = grown[at - 1];
    }
    grown[at] = *change;
    changes->items = grown;
    changes->count++;
    return BM_OK;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* STEP,OPTION,VALUE; the line ends at its '\0'. */
static bool parse(char *line, bm_change *change) {
    char *end, *option = strchr(line, ',');
    char *value = option ? strchr(option + 1, ',') : NULL;
    if (!value || strchr(value + 1, ',')) {
        return false;
    }
    *option++ = *value++ = '\0';
    errno = 0;
    change->step = strtoll(line, &end, 10);
    if (end == line || *end || errno || change->step < 0 || !*option || !*value) {
        return false;
    }
    return snprintf(change->option, sizeof change->option, "%s", option) < (int)sizeof change->option &&
           snprintf(change->value, sizeof change->value, "%s", value) < (int)sizeof change->value;
}

static bm_status read_lines(bm_changes *changes, const char *path, char *text, bm_error *error) {
    char *next = bm_cut_line(text);
    if (strcmp(text, header) != 0) {
        return bm_invalid(error, "%s does not begin with the line %s", path, header);
    }
    for (int number = 2; *next; number++) {
        bm_change change;
        char *line = next;
        next = bm_cut_line(line);
        if (!parse(line, &change)) {
            return bm_invalid(error, "%s, line %d is not STEP,OPTION,VALUE", path, number);
        }
        BM_TRY(insert(changes, &change, error));
    }
    return BM_OK;
}

bm_status bm_changes_read(bm_changes *changes, const char *path, bm_error *error) {
    bm_arena arena = {0};
    char *text;
    size_t bytes;
    bm_status status = bm_read_file(path, FILE_LIMIT, &arena, &text, &bytes, error);
    if (status == BM_OK) {
        status = read_lines(changes, path, text, error);
    }
    bm_arena_free(&arena);
    return status;
}

bm_status bm_changes_recall(bm_changes *changes, const char *folder, bm_error *error) {
    char path[BM_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/changes.csv", folder);
    return bm_path_exists(path) ? bm_changes_read(changes, path, error) : BM_OK;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static bm_status make(const bm_change *change, const bm_preset_target *live, bm_error *error) {
    bm_error reason;
    const bm_status status = bm_options_set_live(live->options, live->config, change->option, change->value, &reason);
    return status == BM_OK ? BM_OK
                           : bm_invalid(error, "the change at step %" PRId64 ": %.400s", change->step, reason.text);
}

bm_status bm_changes_check(const bm_changes *changes, const bm_preset_target *live, bm_error *error) {
    const bm_preset_target trial = {live->options, malloc(live->options->config_bytes)};
    bm_status status = BM_OK;
    if (!trial.config) {
        return bm_fail(error, "not enough memory for the options");
    }
    memcpy(trial.config, live->config, live->options->config_bytes);
    for (int i = 0; status == BM_OK && i < changes->count; i++) {
        status = make(&changes->items[i], &trial, error);
    }
    free(trial.config);
    return status;
}

bm_status bm_changes_apply(bm_changes *changes, int64_t step, const bm_preset_target *live, bm_error *error) {
    while (changes->next < changes->count && changes->items[changes->next].step <= step) {
        BM_TRY(make(&changes->items[changes->next++], live, error));
    }
    return BM_OK;
}

static int line_of(const bm_change *change, char line[LINE_BYTES]) {
    return snprintf(line, LINE_BYTES, "%" PRId64 ",%s,%s\n", change->step, change->option, change->value);
}

bm_status bm_changes_write(const bm_changes *changes, const char *folder, bm_error *error) {
    char path[BM_PATH_MAX + 16], line[LINE_BYTES];
    bm_writer *writer;
    snprintf(path, sizeof path, "%s/changes.csv", folder);
    BM_TRY(bm_writer_open(&writer, path, error));
    bm_writer_put(writer, line, (size_t)snprintf(line, sizeof line, "%s\n", header));
    for (int i = 0; i < changes->count; i++) {
        bm_writer_put(writer, line, (size_t)line_of(&changes->items[i], line));
    }
    return bm_writer_commit(writer, error);
}

bm_status bm_changes_make(bm_changes *changes, const bm_change *change, const char *folder,
                          const bm_preset_target *live, bm_error *error) {
    const bm_changes only = {.items = (bm_change *)(uintptr_t)change, .count = 1};
    const int at = changes->next; /* where it comes to lie: all that is due by now has been made */
    BM_TRY(bm_changes_check(&only, live, error));
    BM_TRY(insert(changes, change, error));
    if (folder[0] && bm_changes_write(changes, folder, error) != BM_OK) {
        changes->count--;
        memmove(changes->items + at, changes->items + at + 1, (size_t)(changes->count - at) * sizeof *changes->items);
        return BM_FAILED;
    }
    changes->next++;
    return make(change, live, error);
}
