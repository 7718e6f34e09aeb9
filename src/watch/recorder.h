#ifndef BM_WATCH_RECORDER_H
#define BM_WATCH_RECORDER_H

/* Records pictures to a file, whose ending says how:
 *   NAME.gif         an animation that loops
 *   NAME.mp4         a film, by the program ffmpeg
 *   NAME%05d.png     every picture, numbered from 0 (or %d)
 *   NAME.png         the last picture only
 * What cannot work (another ending, a folder that is missing or may not be written, no ffmpeg) is told when it is
 * opened. Films and single pictures appear, whole, when they are closed. */
#include <stdint.h>

#include "core/error.h"

typedef struct bm_recorder bm_recorder;

/* Every picture is [height, width] pixels 0xffRRGGBB and shown for 1 / frames_per_second seconds. A GIF can show no
 * more than 50 a second: the ones between are dropped, the time stays right. *recorder: NULL on failure. */
bm_status bm_recorder_open(bm_recorder **recorder, const char *path, int width, int height, double frames_per_second,
                           bm_error *error);
bm_status bm_recorder_frame(bm_recorder *recorder, const uint32_t *pixels, bm_error *error);
/* Also after a failed frame: then it tells that failure again, and leaves no file but numbered pictures. bytes: of what
 * was written, may be NULL. NULL is fine. */
bm_status bm_recorder_close(bm_recorder *recorder, int64_t *bytes, bm_error *error);

#endif
