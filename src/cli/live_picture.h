#ifndef BM_CLI_LIVE_PICTURE_H
#define BM_CLI_LIVE_PICTURE_H

/* A picture that goes on, in a window, in the terminal or only in a file: when a frame of it is due, what is said to
 * the viewer, and the pictures and recordings made of it, by --record or with keys. What moves between two frames, and
 * how it looks, is the caller's:
 *
 *   status = bm_live_picture_begin(&picture, error);
 *   while (status == BM_OK && !picture.closed) {
 *       ... what there is to move on, to picture.now ...
 *       if (bm_live_picture_due(&picture)) {
 *           status = bm_live_picture_draw(&picture, error);
 *       }
 *       bm_live_picture_wait(&picture);
 *   }
 *   status = bm_live_picture_end(&picture, status, error); */
#include "cli/picture.h"
#include "cli/stage.h"
#include "watch/overlay.h"
#include "watch/recorder.h"

enum { BM_LIVE_PICTURE_LINE = 256, BM_LIVE_PICTURE_PATH = 1200, BM_LIVE_PICTURE_KEYS = 32 };

typedef struct {
    /* set before it begins */
    bm_stage *stage;    /* NULL: nobody looks; closed by the caller */
    int width, height;  /* of pictures and recordings */
    double fps;         /* frames a second */
    bool follows_clock; /* always with a stage; else time is counted in frames: the same command writes the same file */
    const char *asked;  /* the file of --record, which is recorded to the end; or NULL */
    double record_fps;  /* of that file */
    const char *folder; /* where pictures and recordings made with keys go */
    const char *stem;   /* how their names begin */
    void *context;      /* of the four that follow */
    bm_picture_draw *draw, *still; /* a frame for the stage; one for a picture or a recording */
    /* what stands below the picture in a terminal; where the second line is empty, the keys do */
    void (*lines)(void *context, char first[BM_LIVE_PICTURE_LINE], char second[BM_LIVE_PICTURE_LINE]);
    void (*handle)(void *context, const bm_event *event); /* a key or the mouse */
    /* for the caller to change */
    bm_overlay_key keys[BM_LIVE_PICTURE_KEYS]; /* those there are, a NULL key at the end */
    bool changed;                              /* the stage wants a new frame */
    bool closed;                               /* it is over */
    double now; /* seconds; other times are moments of it; handle may look at the clock */
    /* for the caller to read */
    bm_recorder *recorder;               /* set before it begins: that of `asked`. NULL: nothing is recorded now */
    bool interactive;                    /* somebody sees it and can press keys */
    const char *notice;                  /* said for some seconds; or NULL */
    const bm_overlay_key *help;          /* the keys, while they are shown; or NULL */
    char recorded[BM_LIVE_PICTURE_PATH]; /* the last file that was completed; "": none */
    int64_t record_bytes;
    /* for nobody else */
    bm_raster *frame, *record_frame;
    double next_frame, next_record, notice_until;
    bool answered; /* something happened, and wants to be seen now */
    char notice_text[BM_LIVE_PICTURE_LINE], record_path[BM_LIVE_PICTURE_PATH];
} bm_live_picture;

bm_status bm_live_picture_begin(bm_live_picture *picture, bm_error *error);
/* Also after a failed beginning. Completes the recording; returns status or, where that was BM_OK, why it could not. */
bm_status bm_live_picture_end(bm_live_picture *picture, bm_status status, bm_error *error);

bool bm_live_picture_due(const bm_live_picture *picture);
/* On the stage, and what is due of a recording. */
bm_status bm_live_picture_draw(bm_live_picture *picture, bm_error *error);
/* Until the next frame is due, or something happens, which is handled. Never long, because signals and the end of
 * training come unannounced. */
void bm_live_picture_wait(bm_live_picture *picture);

__attribute__((format(printf, 2, 3))) void bm_live_picture_notify(bm_live_picture *picture, const char *format, ...);

/* Keys that every such picture has. */
void bm_live_picture_save(bm_live_picture *picture);
/* before, after: what stands around the file's name in the notice that a recording has begun. */
void bm_live_picture_toggle_recording(bm_live_picture *picture, const char *before, const char *after);
void bm_live_picture_toggle_help(bm_live_picture *picture);

#endif
