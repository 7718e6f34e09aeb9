/* Images to tell apart: a row for every class, those to adapt with first; behind them those that adaptation is judged
 * by, each with the class it is taken for: green where that is right. */
#include <math.h>
#include <stdio.h>

#include "watch/adapt_parts.h"

/* Where tiles stand, in pixels of the viewport. */
typedef struct {
    int side;                  /* cells of an image */
    int classes, support;      /* shown; images of a class */
    int queries, all_queries;  /* of a class: shown, and there */
    int lines, columns;        /* that the queries of a class take */
    double tile, across, down; /* side of an image; from one to the next */
    double class_height;
    double head, left, queries_left;
    double label; /* size of its text; 0: none */
} table;

/* So many images of a class to judge by, in so many lines. */
static table try_table(const bm_adapt *adapt, double text, double width, double height, int queries, int lines) {
    const int ways = adapt->learner->tasks->outputs;
    const double gap = 1.3, margin = 1.25; /* between the two parts, from tile to tile; in tiles */
    const double below = 1.1 * text;       /* for a label */
    table t = {.side = adapt->learner->tasks->type->examples->image_side,
               .classes = ways,
               .support = adapt->view.support / ways,
               .queries = queries,
               .all_queries = adapt->view.queries / ways,
               .lines = lines,
               .columns = (queries + lines - 1) / lines,
               .head = 2 * text,
               .left = (ways < 10 ? 2 : 2.6) * text,
               .label = text};
    const double columns = t.support + t.columns + gap;
    const double line = (height - t.head) / t.classes / lines - below;
    const double fits = fmin((width - t.left) / (margin * columns), line / margin);
    t.tile = fits < t.side ? fmax(fits, 0) : fmin(floor(fits / t.side), 8) * t.side; /* whole pixels a cell */
    t.across = floor(fmin(1.4 * t.tile, (width - t.left) / columns));
    t.down = floor(margin * t.tile + below);
    t.class_height =
        floor(fmin(t.lines * t.down + 0.9 * t.tile, fmax((height - t.head) / t.classes, t.lines * t.down)));
    t.queries_left = t.left + t.across * (t.support + gap);
    return t;
}

/* In the number of lines that makes them largest. */
static table wrap(const bm_adapt *adapt, double text, double width, double height, int queries) {
    enum { MOST_LINES = 4 };
    table best = try_table(adapt, text, width, height, queries, 1);
    for (int lines = 2; lines <= MOST_LINES && lines <= queries; lines++) {
        const table t = try_table(adapt, text, width, height, queries, lines);
        best = t.tile > best.tile ? t : best;
    }
    return best;
}

/* As many images to judge by as leave every one large enough to be seen, if there is a way. */
static table arrange(const bm_adapt *adapt, double text, double width, double height) {
    const double least = text > 0 ? 3 : 1; /* pixels of a cell */
    int queries = adapt->view.queries / adapt->learner->tasks->outputs;
    const table largest = wrap(adapt, text, width, height, 1);
    table t = wrap(adapt, text, width, height, queries);
    while (t.tile < fmin(least * t.side, largest.tile)) {
        t = wrap(adapt, text, width, height, --queries);
    }
    const double room = height - t.head;
    t.classes = t.classes * t.class_height > room ? (int)(room / t.class_height) : t.classes;
    return t;
}

static void draw_image(const table *t, const bm_real *pixel, double x, double y, bm_canvas *canvas) {
    const double cell = t->tile / t->side;
    bm_draw_rectangle(canvas, x, y, x + t->tile, y + t->tile, BM_PANEL);
    for (int i = 0; i < t->side * t->side; i++) {
        const double left = x + cell * (i % t->side), top = y + cell * (i / t->side);
        if (pixel[i] > 0) {
            bm_draw_rectangle(canvas, left, top, left + cell, top + cell,
                              bm_color_mix(BM_PANEL, BM_INK, (double)pixel[i]));
        }
    }
}

static void draw_query(const bm_adapt *adapt, const table *t, int query, double x, double y, bm_canvas *canvas) {
    const int32_t *label = adapt->view.target;
    const int32_t taken_for = adapt->predicted[query];
    const bool right = taken_for == label[adapt->view.support + query];
    const bm_color color = right ? BM_GREEN : BM_VERMILLION;
    const double frame = t->label > 0 ? 2 : 1;
    bm_draw_outline(canvas, x - frame / 2, y - frame / 2, x + t->tile + frame / 2, y + t->tile + frame / 2, frame,
                    color);
    if (t->label > 0) {
        bm_draw_textf(canvas, x + t->tile / 2, y + t->tile + 0.75 * t->label, 0.85 * t->label, BM_ALIGN_CENTER, color,
                      "%d", taken_for + 1);
    }
}

/* Images of a class follow each other in its row, whatever their order. */
static void draw_part(const bm_adapt *adapt, const table *t, int first, int count, int most, int columns, double left,
                      bm_canvas *canvas) {
    const int32_t *label = adapt->view.target;
    const int inputs = adapt->learner->tasks->inputs;
    for (int32_t class = 0; class < t->classes; class ++) {
        const double top = round(t->head + class * t->class_height + 2);
        for (int i = 0, shown = 0; i < count && shown < most; i++) {
            if (label[first + i] == class) {
                const double x = round(left + shown % columns * t->across), y = top + shown / columns * t->down;
                shown++;
                draw_image(t, adapt->view.input + (long)(first + i) * inputs, x, y, canvas);
                if (first > 0) {
                    draw_query(adapt, t, i, x, y, canvas);
                }
            }
        }
    }
}

static void draw_words(const bm_adapt *adapt, const table *t, double text, bm_canvas *canvas) {
    const int classes = adapt->learner->tasks->outputs;
    const char *words = "taken for these classes";
    const double y = 0.8 * text,
                 from = fmax(t->queries_left, bm_text_width(canvas, text, "to adapt with") + 1.5 * text);
    double right = canvas->right - canvas->left;
    char some[48];
    bm_draw_text(canvas, 0, y, text, BM_ALIGN_LEFT, BM_GRAY, "to adapt with");
    bm_draw_text(canvas, from, y, text, BM_ALIGN_LEFT, BM_GRAY, words);
    snprintf(some, sizeof some, t->classes < classes ? "%d of %d classes" : "%d of %d each",
             t->classes < classes ? t->classes : t->queries, t->classes < classes ? classes : t->all_queries);
    right -= bm_text_width(canvas, text, some);
    const bool all = t->classes == classes && t->queries == t->all_queries;
    if (!all && right > from + bm_text_width(canvas, text, words) + text) {
        bm_draw_text(canvas, right, y, text, BM_ALIGN_LEFT, BM_GRAY, some);
    }
    for (int class = 0; class < t->classes; class ++) {
        bm_draw_textf(canvas, t->left - 0.8 * text, t->head + class * t->class_height + 2 + t->tile / 2, 1.2 * text,
                      BM_ALIGN_RIGHT, BM_INK, "%d", class + 1);
    }
}

void bm_adapt_draw_images(const bm_adapt *adapt, double text, bm_canvas *canvas) {
    const table t = arrange(adapt, text, canvas->right - canvas->left, canvas->bottom - canvas->top);
    if (text > 0) {
        draw_words(adapt, &t, text, canvas);
    }
    draw_part(adapt, &t, 0, adapt->view.support, t.support, t.support, t.left, canvas);
    draw_part(adapt, &t, adapt->view.support, adapt->view.queries, t.queries, t.columns, t.queries_left, canvas);
}
