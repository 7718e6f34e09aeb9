/* Adaptation to be looked at: its scores are those of an evaluation, what is kept of a task is that task's, newer
 * parameters count from the next one; and its picture can be drawn at any size, says what there is to say, and is a
 * function of the seed. */
#include "watch/adapt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw/font.h"
#include "draw/raster.h"
#include "meta/adaptation.h"
#include "meta/meta_trainee.h"
#include "support.h"
#include "train/live.h"
#include "watch/adapt_feed.h"
#include "watch/adapt_scene.h"

enum { STEPS = 3, SEED = 11, WEIGHTS = 5 };

/* ---- untrained parameters, and their adaptation ---- */

typedef struct {
    bm_experiment experiment;
    bm_trainee *trainee;
    bm_meta_trainee *model;
    bm_adapt *adapt;
} world;

static void set(world *it, const char *key, const char *value) {
    bm_error error;
    ck_assert_msg(bm_experiment_set(&it->experiment, key, value, &error) == BM_OK, "%s", error.text);
}

static bm_adapt *begin(const world *it, uint64_t seed) {
    bm_adapt *adapt;
    bm_error error;
    const bm_status status =
        bm_adapt_create(&adapt, it->model->learner, BM_INIT_TORCH, STEPS, seed, it->model->outer, 7, &error);
    ck_assert_msg(status == BM_OK, "%s", error.text);
    return adapt;
}

/* options: "shots=3;ways=4". */
static void make_world(world *it, const char *learner, const char *tasks, const char *options) {
    bm_error error;
    memset(it, 0, sizeof *it);
    ck_assert_msg(bm_experiment_create(&it->experiment, &bm_meta_trainee_type, learner, tasks, &error) == BM_OK, "%s",
                  error.text);
    set(it, "net", "[16, 16]");
    while (*options) {
        char key[32], value[64];
        int length = 0;
        ck_assert_int_eq(sscanf(options, "%31[^=]=%63[^;]%n", key, value, &length), 2);
        set(it, key, value);
        options += length;
        options += *options == ';';
    }
    ck_assert_msg(bm_experiment_settle(&it->experiment, &error) == BM_OK, "%s", error.text);
    it->experiment.threads = 2;
    ck_assert_msg(bm_trainee_create(&it->trainee, &it->experiment, true, &error) == BM_OK, "%s", error.text);
    it->model = bm_meta_trainee_of(it->trainee);
    bm_rng rng = bm_rng_seeded(WEIGHTS);
    ck_assert(bm_learner_init(it->model->learner, BM_INIT_TORCH, it->model->outer, &rng, &error) == BM_OK);
    it->adapt = begin(it, SEED);
}

static void free_world(world *it) {
    bm_adapt_destroy(it->adapt);
    bm_trainee_destroy(it->trainee);
    bm_experiment_free(&it->experiment);
}

static void move(bm_adapt *adapt) {
    bm_error error;
    ck_assert_msg(bm_adapt_move(adapt, &error) == BM_OK, "%s", error.text);
}

static void finish_task(bm_adapt *adapt) {
    while (!bm_adapt_at_end(adapt)) {
        move(adapt);
    }
}

/* Few rows and episodes, of every sort. */
static const struct {
    const char *learner, *tasks, *options;
    bm_adapt_kind kind;
} families[] = {
    {"maml", "sinusoid", "", BM_ADAPT_CURVE},
    {"metasgd", "lines", "inner_lr=0.02", BM_ADAPT_CURVE},
    {"reptile", "digits", "ways=3;shots=2;eval_queries=4", BM_ADAPT_IMAGES},
    {"fomaml", "point2d", "shots=3;eval_queries=3", BM_ADAPT_PATHS},
    {"fomaml", "GridWorld-v0", "task_range=slip=0:0.3;shots=3;eval_queries=3", BM_ADAPT_PLAY},
    {"fomaml", "CartPole-v1", "task_range=max_episode_steps=50:90;shots=3;eval_queries=3", BM_ADAPT_PLAY},
};
enum { FAMILIES = sizeof families / sizeof families[0] };

static void make_family(world *it, int family) {
    make_world(it, families[family].learner, families[family].tasks, families[family].options);
}

/* ---- what is kept ---- */

static void compare_scores(int family) {
    enum { TASKS = 3 };
    world it;
    make_family(&it, family);
    ck_assert_int_eq(it.adapt->kind, families[family].kind);
    const bm_int_list steps = {.count = STEPS + 1, .value = {0, 1, 2, 3}};
    const bm_seed seed = bm_seed_of(SEED);
    double score[TASKS][STEPS + 1][BM_TASK_SCORES];
    bm_adaptation *adaptation;
    bm_error error;
    ck_assert(bm_adaptation_create(&adaptation, it.model->learner, &steps, &error) == BM_OK);
    bm_adaptation_run(adaptation, &seed, it.model->outer, TASKS, NULL, &score[0][0][0]);
    for (int task = 0; task < TASKS; task++) {
        finish_task(it.adapt);
        ck_assert_int_eq(it.adapt->task, task);
        for (int k = 0; k <= STEPS; k++) {
            const double got = it.adapt->learned.score[k], want = score[task][k][0];
            ck_assert_msg(got == want, "%s, task %d after %d: %.17g, not %.17g", families[family].tasks, task, k, got,
                          want);
        }
        move(it.adapt);
    }
    ck_assert_int_eq(it.adapt->ended_tasks, TASKS);
    for (int k = 0; k <= STEPS; k++) {
        const double mean = (score[0][k][0] + score[1][k][0] + score[2][k][0]) / TASKS;
        assert_near(it.adapt->mean[k], mean, 1e-12, "the mean over tasks");
        assert_near(it.adapt->sum[k] / TASKS, mean, 1e-12, "the same from the sum");
    }
    bm_adaptation_destroy(adaptation);
    free_world(&it);
}

START_TEST(scores_are_those_of_an_evaluation) {
    for (int family = 0; family < FAMILIES; family++) {
        compare_scores(family);
    }
}
END_TEST

START_TEST(the_curve_is_the_one_that_words_name_and_points_lie_on) {
    world it;
    make_world(&it, "maml", "sinusoid", "shots=7");
    const bm_adapt *a = it.adapt;
    for (int task = 0; task < 5; task++) {
        double amplitude, phase;
        ck_assert_int_eq(sscanf(a->view.words, "amplitude %lf, phase %lf", &amplitude, &phase), 2);
        for (int i = 0; i < BM_ADAPT_GRID; i++) {
            assert_near(a->x[i], -5 + 10.0 * i / (BM_ADAPT_GRID - 1), 1e-6, "x");
            ck_assert_double_le(fabs(a->truth[i] - amplitude * sin(a->x[i] - phase)), 0.0051 * (1 + amplitude));
        }
        const bm_real *target = a->view.target;
        ck_assert_int_eq(a->view.support, 7);
        for (int i = 0; i < 7; i++) {
            const double y = amplitude * sin((double)a->view.input[i] - phase);
            ck_assert_double_le(fabs((double)target[i] - y), 0.0051 * (1 + amplitude));
        }
        finish_task(it.adapt);
        move(it.adapt);
    }
    free_world(&it);
}
END_TEST

START_TEST(predictions_are_the_networks) {
    world it;
    make_world(&it, "maml", "lines", "inner_lr=0");
    finish_task(it.adapt);
    const double *first = it.adapt->prediction, *last = first + STEPS * BM_ADAPT_GRID;
    ck_assert_mem_eq(first, last, BM_ADAPT_GRID * sizeof *first); /* at rate 0 nothing changes */
    free_world(&it);
    make_world(&it, "maml", "digits", "ways=3;shots=2;eval_queries=4");
    for (int k = 0; k <= STEPS; k++) {
        const int32_t *label = it.adapt->view.target;
        int right = 0;
        for (int i = 0; i < it.adapt->view.queries; i++) {
            right += it.adapt->predicted[i] == label[it.adapt->view.support + i];
        }
        assert_near(right / 12.0, it.adapt->learned.score[k], 1e-12, "accuracy");
        move(it.adapt);
    }
    free_world(&it);
}
END_TEST

START_TEST(paths_begin_at_the_start_and_walk_in_steps) {
    world it;
    make_world(&it, "fomaml", "point2d", "shots=3;eval_queries=3;task_range=goal_x=0.4:0.5");
    double distance; /* of the goal at (goal_x, 0.4) */
    ck_assert_int_eq(sscanf(it.adapt->view.words, "goal_x %lf", &distance), 1);
    distance = hypot(distance, 0.4);
    finish_task(it.adapt);
    for (int k = 0; k <= STEPS; k++) {
        const bm_adapt_path *path = &it.adapt->path[k];
        for (int lane = 0; lane < BM_ADAPT_EPISODES; lane++) {
            const double *at = path->state + (size_t)lane * (size_t)it.adapt->points * 2;
            ck_assert(at[0] == 0 && at[1] == 0);
            ck_assert_int_le(path->count[lane], 101);
            const double *end = at + 2 * (path->count[lane] - 1);
            ck_assert(path->count[lane] == 101 || fabs(hypot(end[0], end[1]) - distance) < 0.03); /* it has arrived */
            for (int i = 2; i < 2 * path->count[lane]; i++) {
                ck_assert_double_le(fabs(at[i] - at[i - 2]), 0.1 + 1e-6);
            }
        }
    }
    move(it.adapt);
    ck_assert_ptr_null(it.adapt->path[1].state); /* another task, other paths */
    free_world(&it);
}
END_TEST

START_TEST(newer_parameters_count_from_the_next_task) {
    world it;
    make_world(&it, "maml", "sinusoid", "");
    bm_adapt *untouched = begin(&it, SEED);
    bm_real *zero = calloc(it.model->learner->parameters, sizeof *zero);
    ck_assert_ptr_nonnull(zero);
    bm_adapt_learn(it.adapt, zero, 99);
    finish_task(it.adapt);
    finish_task(untouched);
    ck_assert_mem_eq(it.adapt->learned.score, untouched->learned.score, (STEPS + 1) * sizeof(double));
    ck_assert_int_eq(it.adapt->iteration, 7);
    move(it.adapt);
    ck_assert_int_eq(it.adapt->iteration, 99);
    for (int i = 0; i < BM_ADAPT_GRID; i++) {
        ck_assert(it.adapt->prediction[i] == 0);
    }
    free(zero);
    bm_adapt_destroy(untouched);
    free_world(&it);
}
END_TEST

START_TEST(a_task_given_up_is_in_no_mean) {
    world it;
    bm_error error;
    make_world(&it, "maml", "sinusoid", "");
    move(it.adapt);
    ck_assert(bm_adapt_next_task(it.adapt, &error) == BM_OK);
    ck_assert_int_eq(it.adapt->task, 1);
    ck_assert_int_eq(it.adapt->made, 0);
    ck_assert_int_eq(it.adapt->ended_tasks, 0);
    free_world(&it);
}
END_TEST

START_TEST(a_task_that_diverges_is_counted_apart_and_said) {
    world it;
    char line[BM_ADAPT_LINE];
    make_world(&it, "maml", "sinusoid", "inner_lr=100");
    const bm_adapt_scene scene = {.title = "", .adapt = it.adapt, .speed = 1};
    finish_task(it.adapt);
    ck_assert_int_eq(it.adapt->ended_tasks, 0);
    ck_assert_int_eq(it.adapt->diverged_tasks, 1);
    ck_assert(isnan(it.adapt->learned.score[it.adapt->made]));
    bm_adapt_scene_status(&scene, line);
    ck_assert_msg(strstr(line, "diverged after") != NULL, "%s", line);
    move(it.adapt);
    ck_assert_int_eq(it.adapt->task, 1);
    ck_assert(!it.adapt->learned.diverged);
    free_world(&it);
}
END_TEST

/* ---- the picture: a painter that takes notes ---- */

typedef struct {
    char text[4096];  /* everything written, each between bars */
    int points;       /* circles in the colour of points to adapt with */
    int right, wrong; /* frames of images */
    bool all_finite;
} notes;

static void note_place(notes *taken, bm_point p) {
    taken->all_finite = taken->all_finite && isfinite(p.x) && isfinite(p.y);
}

static void note_clip(void *self, double left, double top, double right, double bottom) {
    note_place(self, (bm_point){left, top});
    note_place(self, (bm_point){right, bottom});
}

static void note_polygon(void *self, const bm_point *points, int count, bm_color color) {
    (void)color;
    for (int i = 0; i < count; i++) {
        note_place(self, points[i]);
    }
}

static void note_polyline(void *self, const bm_point *points, int count, double width, bm_color color) {
    notes *taken = self;
    (void)width;
    taken->right += count == 5 && color == BM_GREEN;
    taken->wrong += count == 5 && color == BM_VERMILLION;
    note_polygon(self, points, count, color);
}

static void note_circle(void *self, bm_point center, double radius, bm_color color) {
    notes *taken = self;
    note_place(taken, center);
    taken->points += color == BM_VERMILLION && fabs(radius - 4.5) < 0.01;
}

static void note_text(void *self, bm_point at, double size, bm_align align, bm_color color, const char *text) {
    notes *taken = self;
    const size_t used = strlen(taken->text);
    (void)size, (void)align, (void)color;
    note_place(taken, at);
    snprintf(taken->text + used, sizeof taken->text - used, "|%s|", text);
}

static double note_width(void *self, double size, const char *text) {
    (void)self;
    return bm_font_width(size, text);
}

static void note_region(void *self, const bm_region *region, bm_color color) {
    (void)self, (void)region, (void)color;
}

static const bm_painter painter = {note_clip, note_polygon, note_polyline, note_circle,
                                   note_text, note_width,   note_region};

static notes take_notes(const bm_adapt_scene *scene, double width, double height) {
    notes taken = {.all_finite = true};
    bm_canvas canvas;
    bm_canvas_begin(&canvas, &painter, &taken, width, height);
    bm_adapt_scene_draw(scene, &canvas);
    return taken;
}

static void assert_says(const notes *taken, const char *words) {
    ck_assert_msg(strstr(taken->text, words) != NULL, "no '%s' in %s", words, taken->text);
}

START_TEST(the_picture_says_which_task_it_is_and_how_it_stands) {
    world it;
    make_world(&it, "maml", "sinusoid", "");
    const bm_adapt_scene scene = {.title = "maml on sinusoid", .adapt = it.adapt, .speed = 1};
    notes taken = take_notes(&scene, 1000, 560);
    assert_says(&taken, "|maml on sinusoid|");
    assert_says(&taken, "|task 1: amplitude ");
    assert_says(&taken, "|0 of 3 steps, mse ");
    assert_says(&taken, "|before adaptation|");
    assert_says(&taken, "|parameters of iteration 7   speed ×1|");
    ck_assert_ptr_null(strstr(taken.text, "mean of"));
    finish_task(it.adapt);
    move(it.adapt);
    move(it.adapt);
    taken = take_notes(&scene, 1000, 560);
    assert_says(&taken, "|task 2: amplitude ");
    assert_says(&taken, "|1 of 3 steps, mse ");
    assert_says(&taken, "|after 1 step|");
    assert_says(&taken, "|mean of 1 tasks|");
    free_world(&it);
}
END_TEST

START_TEST(the_picture_shows_every_example) {
    world it;
    make_world(&it, "maml", "sinusoid", "shots=6");
    bm_adapt_scene scene = {.title = "", .adapt = it.adapt, .speed = 1};
    ck_assert_int_eq(take_notes(&scene, 1000, 560).points, 6);
    free_world(&it);
    make_world(&it, "maml", "digits", "ways=3;shots=2;eval_queries=4");
    scene.adapt = it.adapt;
    finish_task(it.adapt);
    const notes taken = take_notes(&scene, 1000, 560);
    ck_assert_int_eq(taken.right + taken.wrong, 12);
    assert_near(taken.right / 12.0, it.adapt->learned.score[STEPS], 1e-12, "green frames");
    free_world(&it);
}
END_TEST

static void draw_all_sizes(int family) {
    static const double size[][2] = {{1600, 1000}, {1040, 660}, {1000, 560}, {600, 400}, {560, 300}, {400, 600},
                                     {300, 220},   {120, 120},  {100, 66},   {40, 20},   {8, 8},     {1, 1}};
    static const bm_overlay_key keys[] = {{"h", "keys"}, {NULL, NULL}};
    static bm_adapt_training training;
    world it;
    make_family(&it, family);
    training = (bm_adapt_training){.title = "loss", .tests_name = "tests", .progress = {.total = 10, .training = NAN}};
    training.progress.score = training.progress.steps_per_second = NAN;
    for (int k = 0; k < 3; k++) {
        const bm_adapt_scene scene = {.title = "a title",
                                      .adapt = it.adapt,
                                      .speed = k ? INFINITY : 1,
                                      .paused = k == 1,
                                      .recording = k == 2,
                                      .notice = k ? "a notice" : NULL,
                                      .help = k == 2 ? keys : NULL,
                                      .training = k ? &training : NULL};
        for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
            const notes taken = take_notes(&scene, size[i][0], size[i][1]);
            ck_assert_msg(taken.all_finite, "%s at %g x %g", families[family].tasks, size[i][0], size[i][1]);
        }
        finish_task(it.adapt);
        move(it.adapt);
    }
    free_world(&it);
}

START_TEST(every_size_can_be_drawn) {
    for (int family = 0; family < FAMILIES; family++) {
        draw_all_sizes(family);
    }
}
END_TEST

static uint64_t picture_of(const world *it, uint64_t seed) {
    enum { WIDTH = 600, HEIGHT = 400 };
    bm_adapt *adapt = begin(it, seed);
    const bm_adapt_scene scene = {.title = "a title", .adapt = adapt, .speed = 1};
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    for (int i = 0; i < 12; i++) {
        move(adapt);
    }
    ck_assert(bm_raster_create(&raster, WIDTH, HEIGHT, &error) == BM_OK);
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_adapt_scene_draw(&scene, &canvas);
    const uint64_t hash = bm_hash_bytes(bm_raster_pixels(raster), WIDTH * HEIGHT * sizeof(uint32_t), 0);
    bm_raster_destroy(raster);
    bm_adapt_destroy(adapt);
    return hash;
}

static void compare_pictures(int family) {
    world it;
    make_family(&it, family);
    const uint64_t hash = picture_of(&it, 3);
    ck_assert(hash == picture_of(&it, 3));
    ck_assert(hash != picture_of(&it, 4));
    free_world(&it);
}

START_TEST(the_picture_is_a_function_of_the_seed) {
    for (int family = 0; family < FAMILIES; family++) {
        compare_pictures(family);
    }
}
END_TEST

/* ---- a run that trains ---- */

typedef struct {
    bm_run *run;
    bm_experiment experiment;
    bm_adapt_feed feed;
} training_world;

static void make_training(training_world *it, const char *tasks) {
    bm_error error;
    ck_assert_msg(bm_experiment_create(&it->experiment, &bm_meta_trainee_type, "fomaml", tasks, &error) == BM_OK, "%s",
                  error.text);
    ck_assert(bm_experiment_set(&it->experiment, "net", "[4]", &error) == BM_OK);
    ck_assert(bm_experiment_settle(&it->experiment, &error) == BM_OK);
    ck_assert_msg(bm_run_create(&it->run, &it->experiment, &(bm_run_start){0}, &error) == BM_OK, "%s", error.text);
    bm_adapt_feed_init(&it->feed, it->run);
}

static void free_training(training_world *it) {
    bm_adapt_feed_free(&it->feed);
    bm_run_destroy(it->run);
    bm_experiment_free(&it->experiment);
}

START_TEST(a_visit_brings_curves) {
    static bm_adapt_training seen;
    training_world it;
    make_training(&it, "sinusoid");
    ck_assert(bm_adapt_feed_read(&it.feed, &seen)); /* what was there before */
    ck_assert_int_eq(seen.batches.count, 0);
    ck_assert(!bm_adapt_feed_read(&it.feed, &seen));
    bm_progress progress = {.step = 10, .total = 100, .training = 3, .score = NAN};
    bm_adapt_feed_visit(&it.feed, &progress);
    progress = (bm_progress){.step = 20, .total = 100, .training = 2, .score = 1.5};
    bm_adapt_feed_visit(&it.feed, &progress);
    progress.step = 30;
    bm_adapt_feed_visit(&it.feed, &progress);
    ck_assert(bm_adapt_feed_read(&it.feed, &seen));
    ck_assert(!bm_adapt_feed_read(&it.feed, &seen));
    ck_assert_int_eq(seen.batches.count, 3);
    ck_assert_int_eq(seen.tests.count, 1); /* the one evaluation */
    assert_near(seen.batches.y[0], 3, 1e-12, "the first loss");
    assert_near(seen.batches.y[1], (0.9 * 3 + 2) / 1.9, 1e-12, "the running mean");
    assert_near(seen.tests.x[0], 20, 0, "evaluated at");
    assert_near(seen.tests.y[0], 1.5, 0, "the score");
    free_training(&it);
}
END_TEST

START_TEST(the_watcher_has_the_parameters_and_the_options_of_the_run) {
    training_world it;
    bm_error error;
    bm_live *live;
    make_training(&it, "sinusoid");
    ck_assert_msg(bm_live_create(&live, it.run, &error) == BM_OK, "%s", error.text);
    bm_meta_trainee *trained = bm_meta_trainee_of(bm_run_trainee(it.run));
    const bm_meta_trainee *watched = bm_meta_trainee_of(bm_live_trainee(live));
    trained->outer[0] = 42;
    trained->common.count = 30;
    bm_live_change(live, "outer_lr", "0.5");
    bm_live_serve(live);
    ck_assert(trained->run->outer_lr.initial == 0.5);
    ck_assert(bm_live_refresh(live));
    ck_assert_int_eq(watched->common.count, 30);
    ck_assert(watched->outer[0] == 42);
    ck_assert(watched->run->outer_lr.initial == 0.5);
    bm_live_destroy(live);
    free_training(&it);
}
END_TEST

START_TEST(of_episodes_returns_are_drawn_and_of_labels_no_score_beside_the_loss) {
    training_world it;
    const bm_progress progress = {.step = 1, .total = 9, .training = 12, .score = -11};
    make_training(&it, "point2d");
    bm_adapt_feed_visit(&it.feed, &progress);
    assert_near(it.feed.training.batches.y[0], -12, 1e-12, "the return");
    assert_near(it.feed.training.tests.y[0], -11, 0, "the evaluated return");
    free_training(&it);
    make_training(&it, "digits");
    bm_adapt_feed_visit(&it.feed, &progress);
    assert_near(it.feed.training.batches.y[0], 12, 1e-12, "the loss");
    ck_assert_int_eq(it.feed.training.tests.count, 0);
    free_training(&it);
}
END_TEST

START_TEST(a_visit_does_not_wait_for_the_reader) {
    training_world it;
    const bm_progress progress = {.step = 1, .total = 9, .training = 12, .score = NAN};
    make_training(&it, "sinusoid");
    pthread_mutex_lock(&it.feed.lock);
    bm_adapt_feed_visit(&it.feed, &progress);
    ck_assert_int_eq(it.feed.training.batches.count, 0);
    pthread_mutex_unlock(&it.feed.lock);
    free_training(&it);
}
END_TEST

TEST_MAIN("adapt", 60, scores_are_those_of_an_evaluation, the_curve_is_the_one_that_words_name_and_points_lie_on,
          predictions_are_the_networks, paths_begin_at_the_start_and_walk_in_steps,
          newer_parameters_count_from_the_next_task, a_task_given_up_is_in_no_mean,
          a_task_that_diverges_is_counted_apart_and_said, the_picture_says_which_task_it_is_and_how_it_stands,
          the_picture_shows_every_example, every_size_can_be_drawn, the_picture_is_a_function_of_the_seed,
          a_visit_brings_curves, the_watcher_has_the_parameters_and_the_options_of_the_run,
          of_episodes_returns_are_drawn_and_of_labels_no_score_beside_the_loss, a_visit_does_not_wait_for_the_reader)
