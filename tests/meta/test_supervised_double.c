/* Supervised tasks in double: gradients and curvature against central differences of the losses, whose rows they are
 * taken over, and the scores. */
#include <math.h>

#include "family.h"

static const double step = 1e-5;

/* A family with a room, a network and a task. */
typedef struct {
    family from;
    const bm_task_methods *methods;
    bm_task_room room;
    size_t n; /* parameters */
    bm_real *params, *grad, *moved;
} fixture;

static fixture fixture_make(const char *name, const char *options, int hidden, int minibatch, bool test) {
    fixture f = {.from = family_make(name, options, hidden)};
    f.methods = f.from.tasks->type->methods;
    f.room = room_open(&f.from, minibatch, test);
    f.n = f.from.tasks->parameters;
    f.params = reals(f.n);
    f.grad = reals(f.n);
    f.moved = reals(f.n);
    bm_rng rng = bm_rng_seeded(11);
    bm_error error = {""};
    ck_assert_int_eq(f.methods->init(f.from.tasks, BM_INIT_TORCH, f.params, &rng, &error), BM_OK);
    room_begin(&f.room, 5);
    return f;
}

static void fixture_free(fixture *f) {
    bm_task_room_close(&f->room);
    free(f->params);
    free(f->grad);
    free(f->moved);
    family_free(&f->from);
}

enum { OUTER = -1 };

/* Loss and gradient of an inner step, or of OUTER. */
static double loss_at(fixture *f, int inner_step, const bm_real *params, bm_real *grad) {
    return inner_step == OUTER ? f->methods->outer(&f->room, params, grad)
                               : f->methods->gradient(&f->room, inner_step, params, grad);
}

static void check_gradient(fixture *f, int inner_step) {
    bm_real *scratch = reals(f->n);
    (void)loss_at(f, inner_step, f->params, f->grad);
    memcpy(f->moved, f->params, f->n * sizeof *f->moved);
    for (size_t i = 0; i < f->n; i++) {
        f->moved[i] = f->params[i] + step;
        const double above = loss_at(f, inner_step, f->moved, scratch);
        f->moved[i] = f->params[i] - step;
        const double below = loss_at(f, inner_step, f->moved, scratch);
        f->moved[i] = f->params[i];
        assert_near((double)f->grad[i], (above - below) / (2 * step), 1e-8, "gradient");
    }
    free(scratch);
}

static void check_curvature(fixture *f, int inner_step) {
    const double nearer = step / 10; /* the direction is long */
    bm_real *direction = reals(f->n), *product = reals(f->n), *above = reals(f->n), *below = reals(f->n);
    bm_rng rng = bm_rng_seeded(3);
    for (size_t i = 0; i < f->n; i++) {
        direction[i] = bm_rng_normal(&rng);
    }
    (void)f->methods->gradient(&f->room, inner_step, f->params, f->grad);
    f->methods->curvature(&f->room, inner_step, f->params, direction, product);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < f->n; i++) {
            f->moved[i] = f->params[i] + sign * nearer * direction[i];
        }
        (void)f->methods->gradient(&f->room, inner_step, f->moved, sign < 0 ? below : above);
    }
    for (size_t i = 0; i < f->n; i++) {
        assert_near((double)product[i], (double)(above[i] - below[i]) / (2 * nearer), 1e-7, "curvature");
    }
    free(direction);
    free(product);
    free(above);
    free(below);
}

static void check_derivatives(const char *name, const char *options, int hidden) {
    fixture f = fixture_make(name, options, hidden, 0, false);
    check_gradient(&f, 0);
    check_gradient(&f, OUTER);
    check_curvature(&f, 0);
    fixture_free(&f);
}

START_TEST(derivatives_are_those_of_the_losses) {
    check_derivatives("sinusoid", "", 8);
    check_derivatives("sinusoid", "show_task=true;shots=3;queries=11", 8);
    check_derivatives("lines", "shots=10", 5);
    check_derivatives("lines", "", 0);
    check_derivatives("digits", "ways=3;shots=2", 5);
    check_derivatives("digits", "", 4);
}
END_TEST

/* ---- minibatches: with one row a step, steps are the rows themselves ---- */

static void check_turns(const char *name, const char *options, int rows, int minibatch) {
    fixture turns = fixture_make(name, options, 4, minibatch, false), single = fixture_make(name, options, 4, 1, false);
    bm_real *mean = reals(turns.n);
    for (int k = 0; k < 2 * rows + 1; k++) {
        double loss = 0;
        memset(mean, 0, turns.n * sizeof *mean);
        for (int j = 0; j < minibatch; j++) {
            loss += single.methods->gradient(&single.room, (k * minibatch + j) % rows, single.params, single.grad) /
                    minibatch;
            for (size_t i = 0; i < turns.n; i++) {
                mean[i] += single.grad[i] / minibatch;
            }
        }
        assert_near(turns.methods->gradient(&turns.room, k, turns.params, turns.grad), loss, 1e-13, "loss");
        for (size_t i = 0; i < turns.n; i++) {
            assert_near((double)turns.grad[i], (double)mean[i], 1e-13, "gradient of a minibatch");
        }
    }
    check_curvature(&turns, rows - 1);
    free(mean);
    fixture_free(&turns);
    fixture_free(&single);
}

START_TEST(minibatches_take_the_support_rows_in_turn) {
    check_turns("sinusoid", "", 5, 2);
    check_turns("sinusoid", "show_task=true", 5, 3);
    check_turns("sinusoid", "", 5, 4);
    check_turns("digits", "ways=3;shots=2", 6, 4);
}
END_TEST

START_TEST(all_rows_are_one_minibatch_of_them) {
    for (int minibatch = 5; minibatch < 9; minibatch++) {
        fixture all = fixture_make("lines", "", 4, 0, false), many = fixture_make("lines", "", 4, minibatch, false);
        for (int k = 0; k < 3; k++) {
            ck_assert(all.methods->gradient(&all.room, k, all.params, all.grad) ==
                      many.methods->gradient(&many.room, k, many.params, many.grad));
            ck_assert_mem_eq(all.grad, many.grad, all.n * sizeof *all.grad);
        }
        fixture_free(&all);
        fixture_free(&many);
    }
}
END_TEST

START_TEST(steps_beyond_two_thousand_million_rows_go_on_in_turn) {
    fixture f = fixture_make("sinusoid", "", 4, 4, false);
    const int many = 1000000000; /* times 4 rows: 0 modulo 5 */
    for (int k = 0; k < 5; k++) {
        ck_assert(f.methods->gradient(&f.room, k, f.params, f.grad) ==
                  f.methods->gradient(&f.room, many + k, f.params, f.grad));
    }
    fixture_free(&f);
}
END_TEST

/* ---- which rows: a network without weights errs by the targets themselves ---- */

static double mean_square(int n, const bm_real *x) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += (double)(x[i] * x[i]);
    }
    return sum / n;
}

static void check_rows(bool test, int shots, int queries) {
    fixture f = fixture_make("lines", "shots=3;train_shots=4;queries=6;eval_queries=9", 2, 0, test);
    const bm_examples *examples = f.from.tasks->type->examples;
    const bm_seed seed = bm_seed_of(8);
    bm_rng rng = bm_rng_from(&seed);
    double task[2], score[BM_TASK_SCORES];
    bm_real input[13], target[13];
    ck_assert_uint_eq(examples->task_bytes, sizeof task);
    examples->draw(f.from.tasks, test, &rng, task);
    examples->examples(f.from.tasks, task, &rng, shots, queries, input, target);
    memset(f.params, 0, f.n * sizeof *f.params);
    room_begin(&f.room, 8);
    f.methods->score(&f.room, f.params, score);
    assert_near(loss_at(&f, 0, f.params, f.grad), mean_square(shots, target), 1e-13, "support rows");
    assert_near(loss_at(&f, OUTER, f.params, f.grad), mean_square(queries, target + shots), 1e-13, "query rows");
    assert_near(score[0], mean_square(queries, target + shots), 1e-13, "rows of the score");
    fixture_free(&f);
}

START_TEST(rooms_adapt_to_support_rows_and_judge_by_query_rows) {
    check_rows(false, 4, 6);
    check_rows(true, 3, 9);
}
END_TEST

/* ---- scores ---- */

/* Layers without weights and with bias [0, height, 0, ...] call everything class 1, which 1 / ways of the rows are. */
START_TEST(a_constant_classifier_scores_what_chance_does) {
    fixture f = fixture_make("digits", "ways=4;eval_queries=7", 0, 0, true);
    const double height = 2, total = 3 + exp(height);
    memset(f.params, 0, f.n * sizeof *f.params);
    f.params[f.n - 3] = height;
    double score[BM_TASK_SCORES];
    f.methods->score(&f.room, f.params, score);
    assert_near(score[0], 0.25, 0, "accuracy");
    assert_near(score[1], log(total) - height / 4, 1e-12, "cross entropy");
    fixture_free(&f);
}
END_TEST

/* The sinusoid's mean square over amplitudes, phases and x is E[A^2] / 2 but for a
 * remainder: y^2 = A^2 (1 - cos(2 x - 2 p)) / 2, and the cosine's mean over phases from a whole half turn is 0. */
START_TEST(the_score_of_nothing_is_the_variance_of_the_targets) {
    enum { TASKS = 4000 };
    fixture f = fixture_make("sinusoid", "eval_queries=20", 3, 0, true);
    memset(f.params, 0, f.n * sizeof *f.params);
    double sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < TASKS; seed++) {
        double score[BM_TASK_SCORES];
        room_begin(&f.room, seed);
        f.methods->score(&f.room, f.params, score);
        sum += score[0];
        squares += score[0] * score[0];
    }
    const double mean = sum / TASKS, deviation = sqrt(squares / TASKS - mean * mean);
    const double expected = (5 * 5 * 5 - 0.1 * 0.1 * 0.1) / (3 * 4.9) / 2;
    assert_near(mean, expected, 5 * deviation / sqrt(TASKS) / expected, "mean square of the targets");
    fixture_free(&f);
}
END_TEST

/* Labels belong to their images: after enough steps on 15 images of each class, unseen ones are told apart. */
START_TEST(adapting_to_many_shots_classifies_unseen_images) {
    fixture f = fixture_make("digits", "ways=5;shots=15", 24, 0, true);
    double score[BM_TASK_SCORES];
    for (int k = 0; k < 300; k++) {
        (void)f.methods->gradient(&f.room, k, f.params, f.grad);
        for (size_t i = 0; i < f.n; i++) {
            f.params[i] -= 0.5 * f.grad[i];
        }
    }
    f.methods->score(&f.room, f.params, score);
    ck_assert_msg(score[0] > 0.85, "accuracy %g", score[0]);
    ck_assert_msg(score[1] < 0.5, "cross entropy %g", score[1]);
    fixture_free(&f);
}
END_TEST

START_TEST(the_head_is_the_last_layer) {
    family f = family_make("digits", "ways=3", 6);
    ck_assert_uint_eq(f.tasks->head, (64 + 1) * 6);
    ck_assert_uint_eq(f.tasks->parameters, (64 + 1) * 6 + (6 + 1) * 3);
    family_free(&f);
}
END_TEST

TEST_MAIN("supervised tasks, double", 60, derivatives_are_those_of_the_losses,
          minibatches_take_the_support_rows_in_turn, all_rows_are_one_minibatch_of_them,
          steps_beyond_two_thousand_million_rows_go_on_in_turn, rooms_adapt_to_support_rows_and_judge_by_query_rows,
          a_constant_classifier_scores_what_chance_does, the_score_of_nothing_is_the_variance_of_the_targets,
          adapting_to_many_shots_classifies_unseen_images, the_head_is_the_last_layer)
