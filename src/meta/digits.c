/* Few-shot classification: tell ways classes of handwritten digits apart after shots images of each. A class is a digit
 * turned counterclockwise by 0, 90, 180 or 270 degrees, as Santoro et al. 2016, "Meta-learning with memory-augmented
 * neural networks", turned the characters of Omniglot. Which label stands for which class is drawn for every task.
 *
 * Training sees the 28 classes of 0, 1, 2, 5, 6, 8 and 9; tests draw from the 12 of 3, 4 and 7, which training never
 * sees. Those were chosen because no rotation of them looks like another: a 6 on its head is a 9, and 0, 1 and 8 are
 * much the same on theirs, which a training task may well contain, but which would keep a score below 1 for no fault of
 * the learner's.
 *
 * Rows take turns by class: row i is one of label i mod ways, so that minibatches of a multiple of ways are balanced.
 * No image occurs twice in a task, turned otherwise neither. */
#include <stdio.h>

#include "meta/digits_data.h"
#include "meta/tasks.h"

enum { ROTATIONS = 4, DIGITS = 10 };

typedef struct {
    int ways;
    bm_task_sizes sizes; /* of a class */
} digits_config;

static const bm_option rows[] = {
    BM_OPTION(digits_config, ways, 5, 2, 100, BM_LINEAR, "classes of a task"),
    BM_OPTION_GROUP(digits_config, sizes, "", &bm_task_sizes_options, "shots=1 queries=5 eval_queries=15"),
};

/* What training, or a test, draws its classes from. */
typedef struct {
    const char *when;
    int count;
    uint8_t digit[DIGITS]; /* [count] */
} part;

static const part training = {"in training", 7, {0, 1, 2, 5, 6, 8, 9}}, test_part = {"in a test", 3, {3, 4, 7}};

typedef struct {
    int first[DIGITS + 1];                      /* where a digit's images begin */
    uint8_t source[ROTATIONS][BM_DIGIT_PIXELS]; /* the pixel that each one of a turned image shows */
} digit_tables;

/* A task: what its labels stand for. */
typedef struct {
    uint8_t digit, rotation;
} digit_class;

enum { CLASSES_MAX = DIGITS * ROTATIONS };

/* ---- create ---- */

static int images_of(const digit_tables *self, int digit) {
    return self->first[digit + 1] - self->first[digit];
}

/* A quarter turn counterclockwise brings the right column to the top: row r, column c shows what was row c, column
 * side - 1 - r. */
static void fill_tables(digit_tables *self) {
    for (int pixel = 0; pixel < BM_DIGIT_PIXELS; pixel++) {
        int shown = pixel;
        for (int rotation = 0; rotation < ROTATIONS; rotation++) {
            self->source[rotation][pixel] = (uint8_t)shown;
            shown = shown % BM_DIGIT_SIDE * BM_DIGIT_SIDE + BM_DIGIT_SIDE - 1 - shown / BM_DIGIT_SIDE;
        }
    }
    for (int i = 0; i < BM_DIGITS; i++) {
        self->first[bm_digits[i].digit + 1] = i + 1;
    }
}

/* Whether there are images enough even for the task that has most classes of the rarest digit. */
static bm_status check_images(const digit_tables *self, const part *from, int ways, int shots, int queries,
                              bm_error *error) {
    const int classes = ways < ROTATIONS ? ways : ROTATIONS, needed = classes * (shots + queries);
    int rarest = from->digit[0];
    for (int i = 1; i < from->count; i++) {
        rarest = images_of(self, from->digit[i]) < images_of(self, rarest) ? from->digit[i] : rarest;
    }
    if (needed <= images_of(self, rarest)) {
        return BM_OK;
    }
    return bm_invalid(error,
                      "%d shots and %d queries of a class %s: %d classes can be rotations of one digit and need %d "
                      "images, but there are %d of digit %d",
                      shots, queries, from->when, classes, needed, images_of(self, rarest), rarest);
}

static bm_status create(bm_tasks *tasks, bm_error *error) {
    const int ways = ((const digits_config *)tasks->config)->ways, test_classes = test_part.count * ROTATIONS;
    digit_tables *self = tasks->self = BM_NEW(&tasks->arena, digit_tables, 1);
    BM_TRY(bm_arena_check(&tasks->arena, tasks->type->name, error));
    fill_tables(self);
    if (ways > test_classes) {
        return bm_invalid(error, "ways=%d: there are %d test classes", ways, test_classes);
    }
    BM_TRY(check_images(self, &training, ways, tasks->train_shots, tasks->queries, error));
    BM_TRY(check_images(self, &test_part, ways, tasks->shots, tasks->eval_queries, error));
    tasks->inputs = BM_DIGIT_PIXELS;
    tasks->outputs = ways;
    tasks->shots *= ways;
    tasks->train_shots *= ways;
    tasks->queries *= ways;
    tasks->eval_queries *= ways;
    return BM_OK;
}

/* ---- a task ---- */

/* So many different classes in random order, by the first steps of Fisher and Yates' shuffle. */
static void draw(const bm_tasks *tasks, bool test, bm_rng *rng, void *task) {
    const part *from = test ? &test_part : &training;
    const int classes = from->count * ROTATIONS;
    digit_class *label = task;
    uint8_t left[CLASSES_MAX];
    for (int i = 0; i < classes; i++) {
        left[i] = (uint8_t)i;
    }
    for (int i = 0; i < tasks->outputs; i++) {
        const int64_t j = bm_rng_integers(rng, i, classes);
        label[i] = (digit_class){from->digit[left[j] / ROTATIONS], left[j] % ROTATIONS};
        left[j] = left[i];
    }
}

/* An image of the digit that the task has not used yet: there are enough, so that trying again ends. */
static const bm_digit *draw_image(const digit_tables *self, int digit, bm_rng *rng, uint8_t *used) {
    for (;;) {
        const int64_t image = bm_rng_integers(rng, self->first[digit], self->first[digit + 1]);
        if (!used[image]) {
            used[image] = 1;
            return &bm_digits[image];
        }
    }
}

static void examples(const bm_tasks *tasks, const void *task, bm_rng *rng, int shots, int queries, bm_real *input,
                     void *target) {
    const digit_tables *self = tasks->self;
    const digit_class *of_label = task;
    int32_t *label = target;
    uint8_t used[BM_DIGITS] = {0};
    for (int i = 0; i < shots + queries; i++) {
        label[i] = i % tasks->outputs;
        const digit_class drawn = of_label[label[i]];
        const bm_digit *image = draw_image(self, drawn.digit, rng, used);
        const uint8_t *source = self->source[drawn.rotation];
        for (int p = 0; p < BM_DIGIT_PIXELS; p++) {
            *input++ = (bm_real)image->pixel[source[p]] / BM_DIGIT_WHITE;
        }
    }
}

/* "3, 7 turned by 90°, 4"; of many classes their number alone. */
static void describe(const bm_tasks *tasks, const void *task, char words[BM_TASK_WORDS]) {
    const digit_class *of_label = task;
    char turned[24] = "";
    size_t used = 0;
    for (int i = 0; i < tasks->outputs && used < BM_TASK_WORDS; i++) {
        if (of_label[i].rotation > 0) {
            snprintf(turned, sizeof turned, " turned by %d°", 90 * of_label[i].rotation);
        }
        used += (size_t)snprintf(words + used, BM_TASK_WORDS - used, "%s%d%s", i ? ", " : "", of_label[i].digit,
                                 of_label[i].rotation > 0 ? turned : "");
    }
    if (used >= BM_TASK_WORDS) {
        snprintf(words, BM_TASK_WORDS, "%d classes", tasks->outputs);
    }
}

static const bm_examples rotated_digits = {
    .loss = &bm_loss_kind_cross_entropy,
    .create = create,
    .task_bytes = CLASSES_MAX * sizeof(digit_class),
    .draw = draw,
    .examples = examples,
    .describe = describe,
    .image_side = BM_DIGIT_SIDE,
};

const bm_tasks_type bm_tasks_digits = {
    .name = "digits",
    .summary = "tell rotated handwritten digits apart after a few images of each",
    .source = "UCI Optical Digits (Alpaydin and Kaynak 1998), classes as in Santoro et al. 2016",
    .options = BM_OPTIONS(rows, digits_config),
    .methods = &bm_supervised_methods,
    .examples = &rotated_digits,
    .score_names = {"accuracy", "cross_entropy"},
    .larger_is_better = true,
};
