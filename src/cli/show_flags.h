#ifndef BM_CLI_SHOW_FLAGS_H
#define BM_CLI_SHOW_FLAGS_H

/* The flags that every verb with a picture has. */
#include "cli/cli.h"
#include "cli/show.h"

/* clang-format off */
#define BM_SHOW_FLAGS                                                                                                  \
    {"speed", "X", "times the environment's natural speed (default: 1)"},                                              \
    {"fps", "F", "frames a second (default: 60 in a window, 30 in a terminal, a recording's steps up to 50)"},         \
    {"size", "WxH", "of the picture, in pixels"},                                                                      \
    {"record", "FILE", ".gif, .mp4 (needs ffmpeg), .png (the last picture) or %05d.png (every one)"},                  \
    {"terminal", NULL, "draw in the terminal, with coloured characters"}
/* clang-format on */

/* Fills width, height, fps, speed, record; width and height hold the defaults. Exits 2 on bad usage. */
void bm_show_read_flags(const bm_arguments *arguments, bm_show_setup *setup);
bm_stage_kind bm_show_stage_kind(const bm_arguments *arguments);
/* Opens setup's file, with so many frames a second unless --fps says, and stage, as the flags say. instead: what a
 * failure's sentence advises. */
bm_status bm_show_open(const bm_arguments *arguments, const char *instead, double record_fps, bm_show_setup *setup,
                       bm_error *error);
/* Both files and stage opened, bm_show, and the stage closed. */
bm_status bm_show_in_stage(const bm_arguments *arguments, const char *instead, bm_show_setup *setup,
                           bm_show_result *result, bm_error *error);
/* A real number within (0, max], fallback when the flag is absent; exits 2 with one sentence. */
double bm_cli_positive(const bm_arguments *arguments, const char *flag, double fallback, double max);
/* What there is to say afterwards: recordings, in words, on standard error. */
void bm_show_report(const bm_show_result *result);

/* The same as members of a JSON object, under eval's names. */
void bm_show_json(const bm_show_result *result, cJSON *object);

#endif
