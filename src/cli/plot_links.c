/* What lies around a plot: recordings in run folders, links to them from the page, and the program that opens a
 * file. */
#define _XOPEN_SOURCE 700 /* realpath, which POSIX has and glibc hides without */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/plot.h"

extern char **environ;

/* ---- recordings ------------------------------------------------------------------------------------------------- */

static bool is_recording(const char *name) {
    static const char *const endings[] = {".gif", ".mp4", ".png"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (dot && dot > name && strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds what is in a folder to list, which grows. */
static int add_recordings(bm_plot *plot, const char *folder, const char ***list, int count) {
    DIR *listing = opendir(folder);
    if (!listing) {
        return count;
    }
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (!is_recording(entry->d_name)) {
            continue;
        }
        const size_t bytes = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = bm_plot_alloc(plot, bytes, 1);
        snprintf(path, bytes, "%s/%s", folder, entry->d_name);
        const char **longer = bm_plot_alloc(plot, (size_t)count + 2, sizeof *longer);
        for (int i = 0; i < count; i++) {
            longer[i] = (*list)[i];
        }
        longer[count++] = path;
        *list = longer;
    }
    closedir(listing);
    return count;
}

const char **bm_plot_recordings(bm_plot *plot, const bm_plot_run *run) {
    char inside[BM_PATH_MAX + 32];
    const char **list = bm_plot_alloc(plot, 1, sizeof *list);
    snprintf(inside, sizeof inside, "%s/recordings", run->entry->path);
    int count = add_recordings(plot, run->entry->path, &list, 0);
    count = add_recordings(plot, inside, &list, count);
    qsort(list, (size_t)count, sizeof *list, by_name);
    return list;
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

/* RFC 3986: everything but unreserved characters and slashes as %XX. */
static void put_encoded(bm_markup *page, const char *path) {
    for (; *path; path++) {
        const unsigned char letter = (unsigned char)*path;
        const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= '0' && letter <= '9') || strchr("-._~/", letter);
        bm_markup_putf(page, plain ? "%c" : "%%%02X", letter);
    }
}

void bm_plot_link(bm_markup *page, const char *path, const char *file) {
    char folder[BM_PATH_MAX + 32];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    char *from = realpath(folder, NULL), *to = realpath(file, NULL);
    if (from && to) {
        /* Behind the last slash up to which both agree; every folder of from after that is one step up. */
        size_t same = 0, i = 0;
        for (; from[i] && from[i] == to[i]; i++) {
            same = from[i] == '/' ? i + 1 : same;
        }
        same = !from[i] && to[i] == '/' ? i + 1 : same; /* all of from is above to */
        for (const char *rest = from + (same < strlen(from) ? same : strlen(from)); *rest;) {
            bm_markup_put(page, "../");
            rest += strcspn(rest, "/");
            rest += *rest == '/';
        }
        put_encoded(page, to + same);
    } else {
        put_encoded(page, file);
    }
    free(from);
    free(to);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

bm_status bm_plot_open(const char *path, bm_error *error) {
    char *const arguments[] = {(char[]){"xdg-open"}, (char *)(uintptr_t)path, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        /* What the viewer says is not our output; nor do we wait until it is closed. */
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        failure = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (failure == ENOENT) {
        return bm_fail(error, "there is no xdg-open here to show %s, which is written; open it in a browser", path);
    }
    return failure ? bm_fail(error, "cannot start xdg-open for %s: %s", path, strerror(failure)) : BM_OK;
}
