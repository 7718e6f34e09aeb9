/* The render module, loaded when it is asked for: the program itself needs no SDL2, libpng or giflib. */
#include "watch/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/io.h"

enum { PATH_BYTES = PATH_MAX + 64 };

static bm_status load(const char *path, const bm_render_module **module, bm_error *error) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const bm_render_module *found = library ? dlsym(library, BM_RENDER_SYMBOL) : NULL;
    if (!found) {
        const char *reason = dlerror();
        return bm_fail(error, "windows and pictures need %s, which does not load: %s", path,
                       reason ? reason : "it is another program's");
    }
    if (found->version != BM_RENDER_VERSION) {
        return bm_fail(error, "%s is of version %d and this program needs version %d: build both again with make", path,
                       found->version, BM_RENDER_VERSION);
    }
    *module = found;
    return BM_OK;
}

/* The folder of the running program, with a slash at its end. */
static bool program_folder(char folder[PATH_MAX]) {
    const ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (length <= 0) {
        return false;
    }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash) {
        return false;
    }
    slash[1] = '\0';
    return true;
}

bm_status bm_render_load(const bm_render_module **module, bm_error *error) {
    static const char *const places[] = {"bellman-render.so", "../lib/bellman/bellman-render.so"};
    *module = NULL;
    char path[PATH_BYTES];
    const char *chosen = getenv("BELLMAN_RENDER");
    if (chosen && *chosen) {
        if (!bm_path_exists(chosen)) {
            return bm_fail(error, "windows and pictures need BELLMAN_RENDER=%s, which is not there", chosen);
        }
        snprintf(path, sizeof path, "%s%s", strchr(chosen, '/') ? "" : "./", chosen); /* or dlopen looks elsewhere */
        return load(path, module, error);
    }
    char folder[PATH_MAX];
    if (!program_folder(folder)) {
        return bm_fail(error, "windows and pictures need bellman-render.so: set BELLMAN_RENDER to its path");
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s%s", folder, places[i]);
        if (bm_path_exists(path)) {
            return load(path, module, error);
        }
    }
    return bm_fail(error,
                   "windows and pictures need bellman-render.so beside the program: it is not in %s (make builds it)",
                   folder);
}

bm_status bm_render_window_module(const bm_render_module **module, bm_error *error) {
    const bm_status status = bm_render_load(module, error);
    return status != BM_OK || (*module)->window_open
               ? status
               : bm_fail(error, "this build has no window: it was made without SDL2 (install it, then make SDL=1)");
}

bm_status bm_render_png_module(const bm_render_module **module, bm_error *error) {
    const bm_status status = bm_render_load(module, error);
    return status != BM_OK || (*module)->png_write
               ? status
               : bm_fail(error, "this build writes no .png: it was made without libpng (install it, then make)");
}

bm_status bm_render_gif_module(const bm_render_module **module, bm_error *error) {
    const bm_status status = bm_render_load(module, error);
    return status != BM_OK || (*module)->gif_open
               ? status
               : bm_fail(error, "this build writes no .gif: it was made without giflib (install it, then make)");
}
