#ifndef BM_CLI_META_WATCH_H
#define BM_CLI_META_WATCH_H

/* Adaptation in a window, a terminal or a file: that of a run which has been meta-trained, or of one that trains. */
#include "cli/show_flags.h"
#include "meta/meta_trainee.h"
#include "watch/adapt.h"
#include "watch/adapt_feed.h"

/* clang-format off */
#define BM_META_SHOW_FLAGS(usual_speed)                                                                                \
    {"speed", "X", "times the natural speed, at which two steps are made a second (default: " usual_speed ")"},        \
    {"fps", "F", "frames a second"},                                                                                   \
    {"size", "WxH", "of the picture, in pixels"},                                                                      \
    {"record", "FILE", ".gif, .mp4 (needs ffmpeg), .png (the last picture) or %05d.png (every one)"},                  \
    {"terminal", NULL, "draw in the terminal, with coloured characters"}
/* clang-format on */

int bm_meta_watch_command(int argc, char **argv); /* bellman meta watch RUN; argv[0] is "watch" */
bool bm_meta_watch_wants(const char *path);       /* whether a path is that of a run of meta-training */
/* What bellman watch does with one: its flags are understood, episodes being tasks. */
int bm_meta_watch_run(const bm_arguments *arguments);

int bm_meta_shown_steps(const bm_int_list *evaluated); /* steps of adaptation to show, unless a flag says */
enum { BM_META_FILE_FPS = 25 };                        /* of a recording, where nothing else is said */

/* The loop behind both. In setup the player's part is not looked at: adapt is shown, episodes are tasks, and live,
 * trained and failure belong to feed (NULL: nothing trains). stem: of the names of pictures. Of the result only what
 * was recorded, and stop_training, are filled in. */
bm_status bm_meta_show(const bm_show_setup *setup, bm_adapt *adapt, bm_adapt_feed *feed, const char *stem,
                       bm_show_result *result, bm_error *error);

#endif
