/* Families of tasks: what they draw, held against their definitions, and what they refuse. */
#include <math.h>

#include "family.h"
#include "meta/digits_data.h"

/* ---- examples without a network ---- */

typedef struct {
    const bm_tasks *tasks;
    int shots, queries; /* rows */
    void *task;
    bm_real *input;
    void *target; /* large enough for reals or labels */
} sampler;

static sampler sampler_make(const family *from, bool test) {
    const bm_tasks *tasks = from->tasks;
    sampler s = {.tasks = tasks, .shots = test ? tasks->shots : tasks->train_shots};
    s.queries = test ? tasks->eval_queries : tasks->queries;
    const size_t rows = (size_t)(s.shots + s.queries);
    s.task = malloc(tasks->type->examples->task_bytes);
    s.input = reals(rows * (size_t)tasks->inputs);
    s.target = calloc(rows, 8);
    ck_assert(s.task && s.target);
    return s;
}

static void sampler_free(sampler *s) {
    free(s->task);
    free(s->input);
    free(s->target);
}

static void sample(sampler *s, bool test, uint64_t seed) {
    const bm_examples *examples = s->tasks->type->examples;
    bm_rng rng = bm_rng_seeded(seed);
    examples->draw(s->tasks, test, &rng, s->task);
    examples->examples(s->tasks, s->task, &rng, s->shots, s->queries, s->input, s->target);
}

/* ---- curves ---- */

/* n numbers that should be U(low, high): all within, mean and mean square within five standard errors. */
static void assert_uniform(const double *x, int n, double low, double high, const char *what) {
    const double middle = (low + high) / 2, half = (high - low) / 2;
    double sum = 0, squares = 0, farthest = 0;
    for (int i = 0; i < n; i++) {
        const double u = (x[i] - middle) / half; /* U(-1, 1): variance 1/3, of the square 4/45 */
        farthest = fmax(farthest, fabs(u));
        sum += u;
        squares += u * u;
    }
    ck_assert_msg(farthest <= 1 + 1e-6, "%s: %g half widths from the middle", what, farthest);
    assert_near(sum / n, 0, 5 * sqrt(1.0 / 3 / n), what);
    assert_near(squares / n, 1.0 / 3, 5 * sqrt(4.0 / 45 / n), what);
}

typedef struct {
    double low[2], high[2];
    double (*value)(double first, double second, double x);
} curve_family;

static double sine(double amplitude, double phase, double x) {
    return amplitude * sin(x - phase);
}

static double line(double slope, double intercept, double x) {
    return slope * x + intercept;
}

static void check_curves(const char *name, const curve_family *expected) {
    enum { TASKS = 20000 };
    family f = family_make(name, "shots=1;queries=1;show_task=true", 3);
    sampler s = sampler_make(&f, false);
    double *x = calloc(2 * TASKS, sizeof *x), *first = calloc(TASKS, sizeof *x), *second = calloc(TASKS, sizeof *x);
    ck_assert(x && first && second);
    double worst = 0;
    for (int t = 0; t < TASKS; t++) {
        sample(&s, false, (uint64_t)t);
        first[t] = (double)s.input[1];
        second[t] = (double)s.input[2];
        for (int i = 0; i < 2; i++) {
            const bm_real *row = s.input + (ptrdiff_t)3 * i;
            x[2 * t + i] = (double)row[0];
            const double y = (double)((const bm_real *)s.target)[i];
            worst = fmax(worst, fabs(y - expected->value((double)row[1], (double)row[2], x[2 * t + i])));
        }
    }
    assert_near(worst, 0, 4e-6, "distance of a point from its curve"); /* of numbers rounded to float, up to 18 */
    assert_uniform(first, TASKS, expected->low[0], expected->high[0], "first number");
    assert_uniform(second, TASKS, expected->low[1], expected->high[1], "second number");
    assert_uniform(x, 2 * TASKS, -5, 5, "x");
    free(x);
    free(first);
    free(second);
    sampler_free(&s);
    family_free(&f);
}

START_TEST(sinusoids_have_the_papers_ranges) {
    check_curves("sinusoid", &(curve_family){{0.1, 0}, {5, acos(-1)}, sine});
}
END_TEST

START_TEST(lines_have_their_documented_ranges) {
    check_curves("lines", &(curve_family){{-3, -3}, {3, 3}, line});
}
END_TEST

START_TEST(a_network_sees_the_task_only_when_asked) {
    family hidden = family_make("sinusoid", "", 3), shown = family_make("sinusoid", "show_task=true", 3);
    ck_assert_int_eq(hidden.tasks->inputs, 1);
    ck_assert_int_eq(shown.tasks->inputs, 3);
    sampler a = sampler_make(&hidden, false), b = sampler_make(&shown, false);
    sample(&a, false, 7);
    sample(&b, false, 7);
    for (int i = 0; i < a.shots + a.queries; i++) {
        ck_assert(a.input[i] == b.input[3 * i]);
        ck_assert(((bm_real *)a.target)[i] == ((bm_real *)b.target)[i]);
    }
    sampler_free(&a);
    sampler_free(&b);
    family_free(&hidden);
    family_free(&shown);
}
END_TEST

START_TEST(numbers_of_rows_follow_the_options) {
    family f = family_make("lines", "shots=7", 0);
    ck_assert(f.tasks->shots == 7 && f.tasks->train_shots == 7 && f.tasks->queries == 7);
    ck_assert_int_eq(f.tasks->eval_queries, 100);
    family_free(&f);
    f = family_make("lines", "shots=7;train_shots=3;eval_queries=9", 0);
    ck_assert(f.tasks->shots == 7 && f.tasks->train_shots == 3 && f.tasks->queries == 3 && f.tasks->eval_queries == 9);
    family_free(&f);
    f = family_make("digits", "ways=3;shots=2;queries=4;eval_queries=6", 0);
    ck_assert(f.tasks->shots == 6 && f.tasks->train_shots == 6 && f.tasks->queries == 12);
    ck_assert(f.tasks->eval_queries == 18 && f.tasks->outputs == 3 && f.tasks->inputs == 64);
    family_free(&f);
}
END_TEST

/* ---- seeds ---- */

static void check_seeds(const char *name) {
    family f = family_make(name, "", 4);
    const bm_task_methods *methods = f.tasks->type->methods;
    bm_task_room one = room_open(&f, 0, false), other = room_open(&f, 0, false);
    bm_real *params = reals(f.tasks->parameters), *grad = reals(f.tasks->parameters);
    bm_rng rng = bm_rng_seeded(1);
    ck_assert_int_eq(methods->init(f.tasks, BM_INIT_ORTHOGONAL, params, &rng, NULL), BM_OK);
    for (uint64_t seed = 0; seed < 20; seed++) {
        room_begin(&one, seed);
        room_begin(&other, seed + 1);
        const double support = methods->gradient(&one, 0, params, grad), query = methods->outer(&one, params, grad);
        ck_assert(support != query);
        ck_assert(support != methods->gradient(&other, 0, params, grad));
        ck_assert(query != methods->outer(&other, params, grad));
        room_begin(&other, seed); /* whatever the room did before */
        ck_assert(support == methods->gradient(&other, 0, params, grad));
        ck_assert(query == methods->outer(&other, params, grad));
    }
    bm_task_room_close(&one);
    bm_task_room_close(&other);
    free(params);
    free(grad);
    family_free(&f);
}

START_TEST(a_seed_is_a_task) {
    check_seeds("sinusoid");
    check_seeds("lines");
    check_seeds("digits");
}
END_TEST

/* ---- digits ---- */

enum { PIXELS = BM_DIGIT_PIXELS, CLASSES = 40 };

typedef struct {
    int image, rotation;
} origin;

/* Turned counterclockwise once, by hand for pixel (row, column): it moves to (side - 1 - column, row). */
static void turn(const uint8_t *image, uint8_t *turned) {
    for (int row = 0; row < 8; row++) {
        for (int column = 0; column < 8; column++) {
            turned[(7 - column) * 8 + row] = image[row * 8 + column];
        }
    }
}

/* Every image in every rotation, to be found again: no two of them are equal. */
typedef struct {
    uint8_t pixel[4 * BM_DIGITS][PIXELS];
} gallery;

static gallery *gallery_make(void) {
    gallery *g = malloc(sizeof *g);
    ck_assert_ptr_nonnull(g);
    for (int i = 0; i < BM_DIGITS; i++) {
        memcpy(g->pixel[4 * i], bm_digits[i].pixel, PIXELS);
        for (int rotation = 1; rotation < 4; rotation++) {
            turn(g->pixel[4 * i + rotation - 1], g->pixel[4 * i + rotation]);
        }
    }
    return g;
}

/* Whether the numbers are pixels over 16. */
static bool to_bytes(const bm_real *input, uint8_t *pixel) {
    bool exact = true;
    for (int p = 0; p < PIXELS; p++) {
        const double scaled = fmin(fmax((double)input[p] * 16, 0), 16);
        pixel[p] = (uint8_t)scaled;
        exact = exact && (bm_real)pixel[p] / 16 == input[p];
    }
    return exact;
}

static origin origin_of(const gallery *g, const bm_real *input) {
    uint8_t pixel[PIXELS];
    ck_assert(to_bytes(input, pixel));
    for (int i = 0; i < 4 * BM_DIGITS; i++) {
        if (memcmp(g->pixel[i], pixel, PIXELS) == 0) {
            return (origin){i / 4, i % 4};
        }
    }
    ck_abort_msg("an input that is no rotated image");
}

static int class_of(origin from) {
    return bm_digits[from.image].digit * 4 + from.rotation;
}

static void check_one_task(const sampler *s, const gallery *g) {
    const int ways = s->tasks->outputs;
    uint8_t used[BM_DIGITS] = {0};
    int of_label[CLASSES];
    for (int i = 0; i < s->shots + s->queries; i++) {
        const origin from = origin_of(g, s->input + (ptrdiff_t)i * PIXELS);
        const int label = ((const int32_t *)s->target)[i];
        ck_assert_int_eq(used[from.image]++, 0);
        ck_assert_int_eq(label, i % ways); /* classes take turns: support and queries are balanced */
        if (i < ways) {
            of_label[label] = class_of(from);
            for (int other = 0; other < label; other++) {
                ck_assert_int_ne(of_label[other], of_label[label]);
            }
        }
        ck_assert_int_eq(class_of(from), of_label[label]);
    }
}

static void check_tasks_of_digits(const char *options, const gallery *g) {
    family f = family_make("digits", options, 0);
    for (int test = 0; test < 2; test++) {
        sampler s = sampler_make(&f, test);
        for (uint64_t seed = 0; seed < 20; seed++) {
            sample(&s, test, seed);
            check_one_task(&s, g);
        }
        sampler_free(&s);
    }
    family_free(&f);
}

START_TEST(a_task_of_digits_never_shows_an_image_twice) {
    gallery *g = gallery_make();
    check_tasks_of_digits("", g);
    check_tasks_of_digits("ways=12;shots=3", g);
    check_tasks_of_digits("ways=12;shots=29", g); /* 176 of the 179 images of digit 7 */
    check_tasks_of_digits("ways=2;shots=72", g);
    free(g);
}
END_TEST

/* Training has 28 classes, tests 12 others, and each is label 0 equally often. */
static void check_frequencies(bool test, double share, const gallery *g) {
    static const bool in_test[10] = {[3] = true, [4] = true, [7] = true};
    enum { TASKS = 4200 };
    family f = family_make("digits", "ways=4;eval_queries=1;queries=1", 0);
    sampler s = sampler_make(&f, test);
    int count[CLASSES] = {0};
    for (uint64_t seed = 0; seed < TASKS; seed++) {
        sample(&s, test, seed);
        count[class_of(origin_of(g, s.input))]++;
    }
    for (int c = 0; c < CLASSES; c++) {
        if (in_test[c / 4] == test) {
            assert_near((double)count[c] / TASKS, share, 5 * sqrt(share * (1 - share) / TASKS), "share of a class");
        } else {
            ck_assert_int_eq(count[c], 0);
        }
    }
    sampler_free(&s);
    family_free(&f);
}

START_TEST(training_and_test_classes_are_apart_and_equally_frequent) {
    gallery *g = gallery_make();
    check_frequencies(false, 1.0 / 28, g);
    check_frequencies(true, 1.0 / 12, g);
    free(g);
}
END_TEST

/* The first image, a 0, turned on paper. */
START_TEST(classes_are_quarter_turns_of_the_images) {
    static const uint8_t turned[4][PIXELS] = {
        {0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0,  11, 8, 0, 0, 4, 12, 0,  0,  8, 8, 0,
         0, 5, 8, 0,  0, 9, 8, 0, 0, 4, 11, 0,  1,  12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6,  13, 10, 0, 0, 0},
        {0,  0,  0, 0, 0, 0, 0, 0,  0, 5,  8,  8,  8, 7,  0,  0, 1, 15, 11, 8, 9, 12, 12, 0, 9, 10, 0, 0, 0, 1, 10, 10,
         13, 15, 2, 0, 0, 0, 5, 13, 5, 13, 15, 12, 8, 11, 14, 6, 0, 0,  3,  4, 5, 4,  2,  0, 0, 0,  0, 0, 0, 0, 0,  0},
        {0, 0, 0, 10, 13, 6,  0, 0, 0, 0, 12, 10, 5, 14, 2, 0, 0, 7, 12, 1,  0,  11, 4, 0, 0, 8, 9, 0, 0,  8, 5, 0,
         0, 8, 8, 0,  0,  12, 4, 0, 0, 8, 11, 0,  2, 15, 3, 0, 0, 5, 15, 10, 15, 13, 0, 0, 0, 0, 1, 9, 13, 5, 0, 0},
        {0,  0,  0, 0, 0, 0, 0,  0, 0, 2,  4,  5, 4, 3,  0,  0, 6, 14, 11, 8, 12, 15, 13, 5, 13, 5, 0, 0, 0, 2, 15, 13,
         10, 10, 1, 0, 0, 0, 10, 9, 0, 12, 12, 9, 8, 11, 15, 1, 0, 0,  7,  8, 8,  8,  5,  0, 0,  0, 0, 0, 0, 0, 0,  0},
    };
    family f = family_make("digits", "ways=10;shots=5;queries=15", 0);
    sampler s = sampler_make(&f, false);
    int seen[4] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        sample(&s, false, seed);
        for (int i = 0; i < s.shots + s.queries; i++) {
            uint8_t pixel[PIXELS];
            const bool exact = to_bytes(s.input + (ptrdiff_t)i * PIXELS, pixel);
            for (int rotation = 0; rotation < 4; rotation++) {
                seen[rotation] += exact && memcmp(pixel, turned[rotation], PIXELS) == 0;
            }
        }
    }
    for (int rotation = 0; rotation < 4; rotation++) { /* 200 tasks of 200 images among 7 digits' 5004 rotated ones */
        ck_assert_int_gt(seen[rotation], 0);
    }
    sampler_free(&s);
    family_free(&f);
}
END_TEST

/* ---- what is refused ---- */

static void check_refused(const char *options, const char *message) {
    family f;
    bm_error error = {""};
    ck_assert_int_eq(family_try(&f, "digits", options, 0, &error), BM_INVALID);
    ck_assert_str_eq(error.text, message);
    family_free(&f);
}

START_TEST(more_than_the_digits_have_is_refused_with_the_numbers) {
    check_refused("ways=13", "ways=13: there are 12 test classes");
    check_refused("shots=30",
                  "30 shots and 15 queries of a class in a test: 4 classes can be rotations of one digit and "
                  "need 180 images, but there are 179 of digit 7");
    check_refused("train_shots=40", "40 shots and 5 queries of a class in training: 4 classes can be rotations of one "
                                    "digit and need 180 images, but there are 174 of digit 8");
    check_refused("ways=2;shots=75", "75 shots and 15 queries of a class in a test: 2 classes can be rotations of one "
                                     "digit and need 180 images, but there are 179 of digit 7");
}
END_TEST

START_TEST(an_unknown_family_is_met_with_a_suggestion) {
    const bm_tasks_type *type;
    bm_error error;
    ck_assert_int_eq(bm_tasks_lookup("sinusiod", &type, &error), BM_INVALID);
    ck_assert_ptr_null(type);
    ck_assert_str_eq(error.text, "unknown family of tasks sinusiod; did you mean sinusoid?");
}
END_TEST

START_TEST(a_network_that_cannot_be_is_refused) {
    family f;
    bm_error error = {""};
    ck_assert_int_eq(family_try(&f, "sinusoid", "", 70000, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "hidden layer of 70000 units outside 1..65536");
    family_free(&f);
}
END_TEST

TEST_MAIN("tasks", 60, sinusoids_have_the_papers_ranges, lines_have_their_documented_ranges,
          a_network_sees_the_task_only_when_asked, numbers_of_rows_follow_the_options, a_seed_is_a_task,
          a_task_of_digits_never_shows_an_image_twice, training_and_test_classes_are_apart_and_equally_frequent,
          classes_are_quarter_turns_of_the_images, more_than_the_digits_have_is_refused_with_the_numbers,
          an_unknown_family_is_met_with_a_suggestion, a_network_that_cannot_be_is_refused)
