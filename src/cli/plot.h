#ifndef BM_CLI_PLOT_H
#define BM_CLI_PLOT_H

/* bellman plot, from run folders to a picture: plot_settings.c reads runs and groups them, plot_curves.c makes one
 * curve of each group, plot_picture.c draws, plot_html.c makes the page, plot_write.c the file. bellman sweep uses them
 * too. */
#include "cli/run_finder.h"
#include "core/canvas.h"
#include "draw/markup.h"
#include "draw/svg.h"
#include "train/changes.h"
#include "train/history.h"

typedef enum { BM_SHADE_STD, BM_SHADE_IQM } bm_plot_shade;

typedef struct {
    const bm_run_entry *entry;
    bm_history history;
    bm_changes changes; /* of hyperparameters, while it trained */
    double *x, *y;      /* [points] the metric where it is known */
    int points;
} bm_plot_run;

/* Runs that differ in their seeds only. */
typedef struct {
    char *label, *name; /* what makes it different from the others; name: without the environment */
    const char *env, *agent;
    bm_plot_run **run; /* [runs] */
    int runs;
    bm_color color;
    double *x, *y, *low, *high; /* [points] the curve; low and high NULL: of one run */
    int points;
    double final_mean, final_std;            /* of the runs' last values */
    double final_iqm, final_low, final_high; /* NAN without BM_SHADE_IQM */
} bm_plot_setting;

typedef struct {
    const char *metric, *title; /* metric NULL: what the runs are judged by; title NULL, or in place of its words */
    char score_words[96];       /* metric in words, where it is a score of meta-training */
    bool by_seconds;            /* x: seconds of training instead of steps */
    int smooth;                 /* rows that a moving mean is over */
    bm_plot_shade shade;
    double width, height; /* pixels; 0: chosen by the number of panels */
    bm_run_list list;
    bm_plot_run *run; /* [runs], sorted by environment, agent and name */
    int runs;
    bm_plot_setting *setting; /* [settings] those of one environment together */
    int settings, environments;
    bm_arena arena;
} bm_plot;

/* Zeroed, until bm_plot_free; exits 1 when memory runs out. */
void *bm_plot_alloc(bm_plot *plot, size_t count, size_t size);

/* Reads all runs at and below the folders; what is damaged is left out with a sentence on standard error. */
bm_status bm_plot_read(bm_plot *plot, const char *const *folders, int count, bm_error *error);
/* Fills in the runs' x and y; runs without any are left out. BM_INVALID: no run has such a metric. */
bm_status bm_plot_metric(bm_plot *plot, bm_error *error);
/* Groups the runs and names the groups. */
void bm_plot_group(bm_plot *plot);
/* The same where the caller knows them: those named by label [settings], in that order; group_of says which of them a
 * run belongs to. Those without a run are left out. */
typedef int bm_plot_chooser(const void *context, const bm_run_entry *run);
void bm_plot_group_as(bm_plot *plot, char *const *label, int settings, bm_plot_chooser *group_of, const void *context);
void bm_plot_drop(bm_plot *plot, int run); /* leaves a run out */
void bm_plot_free(bm_plot *plot);

/* The keys of the settings of all runs, each once, in the order of the runs. Whether a key can matter for what is
 * learned: the seed and what only says when to look cannot. */
const char **bm_plot_keys(bm_plot *plot, int *count);
bool bm_plot_key_matters(const char *key);

/* The settings' curves and final values. */
void bm_plot_curves(bm_plot *plot);

/* A panel for each environment. */
void bm_plot_size(const bm_plot *plot, double *width, double *height);
void bm_plot_draw(bm_plot *plot, bool titled, bm_canvas *canvas);
/* The same as an SVG document, which belongs to *svg: destroy that, also after failure. */
bm_status bm_plot_svg(bm_plot *plot, bool titled, bm_color background, bm_svg **svg, const char **text, size_t *bytes,
                      bm_error *error);
enum { BM_PLOT_WORDS = 512 };
/* What the metric is, "" where nobody calls it anything but its name; the title, but for the environment. */
const char *bm_plot_metric_words(const bm_plot *plot);
const char *bm_plot_words(const bm_plot *plot, char *text, size_t bytes);
const char *bm_plot_shade_words(const bm_plot *plot); /* what its bands are; "" where there are none */

/* The page; path: where it will lie, which links are relative to. */
bm_status bm_plot_html(bm_plot *plot, const char *path, bm_markup *page, bm_error *error);
/* A link from the page at path to a file, percent-encoded. */
void bm_plot_link(bm_markup *page, const char *path, const char *file);
/* Pictures and films of a run, in its folder and in recordings/, by name; in plot's arena, NULL at the end. */
const char **bm_plot_recordings(bm_plot *plot, const bm_plot_run *run);

/* BM_INVALID: the file's name does not end in .svg, .png or .html. BM_FAILED: no picture can be written there. */
bm_status bm_plot_check(const char *path, bm_error *error);
bm_status bm_plot_write(bm_plot *plot, const char *path, bm_error *error);

/* Starts the program that shows a file. BM_FAILED: there is none. */
bm_status bm_plot_open(const char *path, bm_error *error);

#endif
