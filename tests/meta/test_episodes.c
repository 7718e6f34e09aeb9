/* Environments as tasks: what is refused, what is drawn, and losses and scores that can be worked out by hand. */
#include <math.h>

#include "episodes.h"
#include "meta/task_range.h"

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void check_refused(const char *name, const setting *settings, const char *message) {
    acting a;
    bm_error error = {""};
    ck_assert_int_eq(acting_try(&a, name, settings, 0, &error), BM_INVALID);
    ck_assert_str_eq(error.text, message);
    acting_free(&a);
}

static void check_range(const char *range, const char *message) {
    check_refused("point2d", (setting[]){{"task_range", range}, {0}}, message);
}

START_TEST(a_range_that_cannot_be_is_refused_with_its_reason) {
    check_range("gaol_x=-1:1", "task_range: unknown option gaol_x; did you mean goal_x?");
    check_range("goal_x=0.5:-0.5", "task_range: goal_x=0.5:-0.5 has its ends the wrong way round");
    check_range("goal_x=-20:1", "task_range: goal_x=-20 outside [-10, 10]");
    check_range("goal_x=-1:20", "task_range: goal_x=20 outside [-10, 10]");
    check_range("goal_x=near:far", "task_range: goal_x=near is not a number (-10..10)");
    check_range("goal_x=1", "task_range: goal_x=1 is no range; give LOW:HIGH or {A,B}, or fix it with env_set");
    check_range("goal_x", "task_range: goal_x is neither KEY=LOW:HIGH nor KEY={A,B}");
    check_range("goal_x={1,2", "task_range: goal_x={1,2 has no closing brace");
    check_range("goal_x=-1:1,", "task_range has an empty item: a comma with nothing before or after it");
    check_range("goal_x={ }", "task_range: goal_x={} has no values");
    check_range("max_episode_steps=-1:1", "task_range: max_episode_steps=-1:1 must begin at 1 or above");
    check_range("goal_x={1,20}", "task_range: goal_x=20 outside [-10, 10]");
    check_range("goal_x=-1:1, goal-x={1,2}", "task_range: goal_x is given twice");
    check_refused("GridWorld-v0", (setting[]){{"env", "GridWorld-v0"}, {"task_range", "map=1:2"}, {0}},
                  "task_range: map has no range of numbers; give map={A,B}");
}
END_TEST

START_TEST(tasks_without_a_range_are_refused_with_what_there_is_to_give) {
    check_refused(
        "episodes", (setting[]){{"env", "CartPole-v1"}, {0}},
        "task_range must say which options differ between tasks of CartPole-v1, as in KEY=LOW:HIGH; it has "
        "sutton_barto_reward, kinematics_integrator, gravity, masscart, masspole, length, force_mag, reset_low, "
        "reset_high, max_episode_steps");
}
END_TEST

START_TEST(an_environment_that_cannot_be_is_refused) {
    check_refused("episodes", (setting[]){{0}}, "env must name an environment (see bellman list envs)");
    check_refused("episodes", (setting[]){{"env", "CartPole-v3"}, {0}},
                  "unknown environment CartPole-v3; did you mean CartPole-v1?");
    check_refused("point2d", (setting[]){{"env_set", "max_episode_steps=0"}, {0}},
                  "episodes of Point2D-v0 have no limit; give env_set max_episode_steps=1000");
    check_refused("point2d", (setting[]){{"env_set", "max_episode_steps"}, {0}},
                  "env_set: max_episode_steps is not KEY=VALUE");
    check_refused("point2d", (setting[]){{"env_set", "goal_z=1"}, {0}},
                  "env_set: unknown option goal_z; did you mean goal_x?");
}
END_TEST

START_TEST(options_that_only_fail_together_are_refused) {
    check_refused("CartPole-v1",
                  (setting[]){{"env", "CartPole-v1"}, {"task_range", "reset_low=-1:1, reset_high=0:2"}, {0}},
                  "reset_low=1 is above reset_high=0");
}
END_TEST

START_TEST(tasks_that_look_different_to_a_policy_are_refused) {
    check_refused("GridWorld-v0", (setting[]){{"env", "GridWorld-v0"}, {"task_range", "observation={index,xy}"}, {0}},
                  "task_range: tasks of GridWorld-v0 differ in what is seen or can be done; one policy must fit all");
}
END_TEST

START_TEST(more_episodes_than_can_be_kept_are_refused) {
    acting a = acting_make("point2d", (setting[]){{"env_set", "max_episode_steps=1000000"}, {"shots", "1000"}, {0}}, 0);
    bm_task_room room;
    bm_error error;
    ck_assert_int_eq(bm_task_room_open(&room, a.tasks, 1, 0, false, &error), BM_INVALID);
    ck_assert_str_eq(error.text, "1000 episodes of up to 1000000 steps are too many to be kept");
    bm_task_room_close(&room);
    acting_free(&a);
}
END_TEST

START_TEST(an_environment_is_a_family_by_its_id) {
    const bm_tasks_type *type;
    bm_error error;
    ck_assert_int_eq(bm_tasks_lookup("CartPole-v1", &type, &error), BM_OK);
    ck_assert_str_eq(type->name, "episodes");
    ck_assert_int_eq(bm_tasks_lookup("CartPole-v2", &type, &error), BM_INVALID);
    ck_assert_ptr_null(type);
    ck_assert_str_eq(error.text, "unknown family of tasks CartPole-v2; did you mean CartPole-v1?");
}
END_TEST

/* ---- what is drawn ---------------------------------------------------------------------------------------------- */

typedef struct {
    double real;
    int whole, choice;
} drawn;

static const char *const colours[] = {"red", "green", "blue", NULL};
static const bm_option drawn_rows[] = {
    BM_OPTION(drawn, real, 0, -10, 10, BM_LINEAR, "a number"),
    BM_OPTION(drawn, whole, 0, -10, 10, BM_LINEAR, "a whole number"),
    BM_OPTION_CHOICE(drawn, choice, "red", colours, "a word"),
};
static const bm_options drawn_options = BM_OPTIONS(drawn_rows, drawn);

/* count of n draws that should each have the given probability: within five standard deviations. */
static void assert_frequency(int count, int n, double probability, const char *what) {
    assert_near(count / (double)n, probability, 5 * sqrt(probability * (1 - probability) / n), what);
}

START_TEST(draws_are_uniform_over_ranges_and_values) {
    enum { DRAWS = 20000, BINS = 10, NUMBERS = 4 };
    int bins[BINS] = {0}, wholes[4] = {0}, greens = 0;
    bm_arena arena = {0};
    bm_error error = {""};
    bm_task_range range;
    drawn base = {0}, task;
    ck_assert_msg(bm_task_range_parse(&range, &drawn_options, &base,
                                      " real = -2:3, whole=-1 : 2 ,choice={ green, blue}", &arena, &error) == BM_OK,
                  "%s", error.text);
    ck_assert_int_eq(bm_task_range_numbers(&range), NUMBERS);
    bm_rng rng = bm_rng_seeded(1);
    for (int i = 0; i < DRAWS; i++) {
        bm_real number[NUMBERS];
        bm_task_range_draw(&range, &rng, &task, number);
        ck_assert(task.real >= -2 && task.real < 3 && task.whole >= -1 && task.whole <= 2 && task.choice >= 1);
        ck_assert((float)number[0] == (float)task.real && (double)number[1] == task.whole);
        ck_assert((double)number[2] == (task.choice == 1) && (double)number[3] == (task.choice == 2));
        bins[(int)((task.real + 2) * BINS / 5)]++;
        wholes[task.whole + 1]++;
        greens += task.choice == 1;
    }
    for (int i = 0; i < BINS; i++) {
        assert_frequency(bins[i], DRAWS, 1.0 / BINS, "a tenth of the range");
    }
    for (int i = 0; i < 4; i++) {
        assert_frequency(wholes[i], DRAWS, 0.25, "a whole number");
    }
    assert_frequency(greens, DRAWS, 0.5, "a value");
    bm_arena_free(&arena);
}
END_TEST

START_TEST(corners_are_all_combinations_of_ends_and_values) {
    static const drawn expected[] = {{1, 0, 0}, {2, 0, 0}, {1, 0, 2}, {2, 0, 2}};
    bm_arena arena = {0};
    bm_error error = {""};
    bm_task_range range;
    drawn task = {0};
    ck_assert_int_eq(bm_task_range_parse(&range, &drawn_options, &task, "real=1:2, choice={red, blue}", &arena, &error),
                     BM_OK);
    for (int corner = 0; corner < 4; corner++) {
        ck_assert(bm_task_range_corner(&range, corner, &task));
        ck_assert(task.real == expected[corner].real && task.choice == expected[corner].choice);
    }
    ck_assert(!bm_task_range_corner(&range, 4, &task));
    bm_arena_free(&arena);
}
END_TEST

START_TEST(every_end_and_value_is_an_edge_once) {
    static const drawn expected[] = {{1, 0, 0}, {2, 0, 0}, {1, 0, 0}, {1, 0, 1}, {1, 0, 2}};
    bm_arena arena = {0};
    bm_error error = {""};
    bm_task_range range;
    drawn task = {0};
    ck_assert_int_eq(
        bm_task_range_parse(&range, &drawn_options, &task, "real=1:2, choice={red, green, blue}", &arena, &error),
        BM_OK);
    for (int edge = 0; edge < 5; edge++) {
        ck_assert(bm_task_range_edge(&range, edge, &task));
        ck_assert(task.real == expected[edge].real && task.choice == expected[edge].choice);
    }
    ck_assert(!bm_task_range_edge(&range, 5, &task));
    bm_arena_free(&arena);
}
END_TEST

/* The option that is listed last is beyond the corners that are tried. */
START_TEST(the_longest_episodes_are_found_however_many_options_there_are) {
#define SIXTEEN "{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}"
    acting a = acting_make("CartPole-v1",
                           (setting[]){{"env", "CartPole-v1"},
                                       {"task_range", "gravity=" SIXTEEN ", length=" SIXTEEN ", masspole=" SIXTEEN
                                                      ", max_episode_steps={5,400}"},
                                       {"shots", "2"},
                                       {"eval_queries", "2"},
                                       {0}},
                           0);
    bm_real *params = numbers(a.tasks->parameters);
    double score[BM_TASK_SCORES];
    bool longer = false;
    bm_task_room room = acting_room(&a, 0, 0, true);
    for (uint64_t task = 0; task < 20; task++) {
        acting_begin(&room, task);
        a.tasks->type->methods->score(&room, params, score);
        ck_assert(isfinite(score[0]) && score[0] <= 400);
        longer |= score[0] > 5;
    }
    ck_assert(longer);
    free(params);
    bm_task_room_close(&room);
    acting_free(&a);
#undef SIXTEEN
}
END_TEST

/* ---- what is worked out ----------------------------------------------------------------------------------------- */

/* Without hidden layers kernel [inputs, 2], bias [2] and log_std [2] are all there is: a step to the goal as long as
 * may be, from the position and the goal behind it, with deviations of 0.0007. */
START_TEST(a_policy_that_is_shown_the_goal_walks_there) {
    acting a = acting_make(
        "point2d", (setting[]){{"task_range", "goal_x=0.33:0.33, goal_y=-0.21:-0.21"}, {"show_task", "true"}, {0}}, 0);
    const bm_real params[12] = {-10, 0, 0, -10, 10, 0, 0, 10, 0, 0, -5, -5};
    ck_assert_uint_eq(a.tasks->parameters, 12);
    bm_task_room room = acting_room(&a, 0, 0, true);
    double score[BM_TASK_SCORES];
    acting_begin(&room, 1);
    a.tasks->type->methods->score(&room, params, score);
    assert_near(score[0], -(hypot(0.23, 0.11) + hypot(0.13, 0.01) + 0.03), 0.005, "three steps and an end");
    bm_task_room_close(&room);
    acting_free(&a);
}
END_TEST

/* Three steps of CartPole, each with reward 1, and a policy without preferences, log pi = -log 2: the loss is log 2
 * times the mean advantage. */
static double cartpole_loss(const char *gamma, const char *gae_lambda, const char *baseline, const char *normalize) {
    acting a = acting_make("CartPole-v1",
                           (setting[]){{"env", "CartPole-v1"},
                                       {"env_set", "max_episode_steps=3"},
                                       {"task_range", "reset_high=0.04:0.05"},
                                       {"gamma", gamma},
                                       {"gae_lambda", gae_lambda},
                                       {"baseline", baseline},
                                       {"normalize", normalize},
                                       {0}},
                           0);
    bm_task_room room = acting_room(&a, 1, 0, false);
    bm_real *params = numbers(a.tasks->parameters), *grad = numbers(a.tasks->parameters);
    double score[BM_TASK_SCORES];
    acting_begin(&room, 1);
    const double loss = a.tasks->type->methods->gradient(&room, 0, params, grad);
    assert_near(a.tasks->type->methods->outer(&room, params, grad), -3, 1e-12, "outer loss: minus the mean return");
    a.tasks->type->methods->score(&room, params, score);
    assert_near(score[0], 3, 1e-12, "score: the mean return");
    free(params);
    free(grad);
    bm_task_room_close(&room);
    acting_free(&a);
    return loss / log(2);
}

START_TEST(advantages_are_generalised_ones) {
    assert_near(cartpole_loss("0.5", "1", "none", "false"), (1.75 + 1.5 + 1) / 3, 1e-6, "discounted returns");
    assert_near(cartpole_loss("0.5", "0.5", "none", "false"), (1.3125 + 1.25 + 1) / 3, 1e-6, "with lambda 0.5");
    assert_near(cartpole_loss("0.5", "0", "none", "false"), 1, 1e-6, "with lambda 0: the reward");
    assert_near(cartpole_loss("1", "1", "linear", "false"), 0, 1e-3, "returns that time foretells");
    assert_near(cartpole_loss("1", "0.5", "linear", "false"), 0, 1e-3, "the same with lambda 0.5");
    assert_near(cartpole_loss("0.5", "1", "none", "true"), 0, 1e-6, "normalised: mean 0");
}
END_TEST

START_TEST(a_task_is_the_same_however_often_it_is_looked_at) {
    acting a = acting_make("point2d", (setting[]){{"env_set", "max_episode_steps=5"}, {"shots", "4"}, {0}}, 3);
    const bm_task_methods *methods = a.tasks->type->methods;
    const size_t n = a.tasks->parameters;
    bm_real *params = numbers(n), *first = numbers(n), *second = numbers(n);
    double score[3][BM_TASK_SCORES];
    bm_task_room room = acting_room(&a, 2, 0, false), other = acting_room(&a, 2, 0, false);
    acting_begin(&room, 7);
    methods->score(&room, params, score[0]);
    const double loss = methods->gradient(&room, 1, params, first);
    methods->outer(&room, params, second);
    methods->score(&room, params, score[1]);
    ck_assert(score[0][0] == score[1][0]);
    acting_begin(&other, 7);
    ck_assert(methods->gradient(&other, 1, params, second) == loss);
    ck_assert_mem_eq(first, second, n * sizeof *first);
    methods->gradient(&other, 0, params, second);
    ck_assert_mem_ne(first, second, n * sizeof *first); /* every step plays episodes of its own */
    acting_begin(&other, 8);
    methods->score(&other, params, score[2]);
    ck_assert(score[2][0] != score[0][0]); /* another goal */
    bm_task_room_close(&room);
    bm_task_room_close(&other);
    free(params);
    free(first);
    free(second);
    acting_free(&a);
}
END_TEST

START_TEST(steps_after_the_first_can_be_shorter) {
    double loss[2][2];
    for (int i = 0; i < 2; i++) {
        acting a = acting_make("point2d",
                               (setting[]){{"env_set", "max_episode_steps=5"},
                                           {"later_step_scale", i ? "0.25" : "1"},
                                           {"normalize", "false"},
                                           {"baseline", "none"},
                                           {0}},
                               3);
        bm_real *params = numbers(a.tasks->parameters), *grad = numbers(a.tasks->parameters);
        bm_task_room room = acting_room(&a, 2, 0, false);
        acting_begin(&room, 3);
        loss[i][0] = a.tasks->type->methods->gradient(&room, 0, params, grad);
        loss[i][1] = a.tasks->type->methods->gradient(&room, 1, params, grad);
        bm_task_room_close(&room);
        free(params);
        free(grad);
        acting_free(&a);
    }
    ck_assert(loss[1][0] == loss[0][0] && loss[0][1] != 0);
    assert_near(loss[1][1] / loss[0][1], 0.25, 1e-5, "the loss of the second step");
}
END_TEST

START_TEST(training_may_adapt_with_fewer_episodes_than_a_test) {
    acting a = acting_make("point2d", (setting[]){{"shots", "40"}, {"train_shots", "20"}, {0}}, 3);
    ck_assert_int_eq(a.tasks->shots, 40);
    ck_assert_int_eq(a.tasks->train_shots, 20);
    acting_free(&a);
    a = acting_make("point2d", (setting[]){{"shots", "30"}, {0}}, 3);
    ck_assert_int_eq(a.tasks->train_shots, 30);
    acting_free(&a);
}
END_TEST

START_TEST(parameters_that_are_not_finite_have_no_score) {
    acting a =
        acting_make("CartPole-v1", (setting[]){{"env", "CartPole-v1"}, {"task_range", "reset_high=0:1"}, {0}}, 3);
    bm_real *params = numbers(a.tasks->parameters), *grad = numbers(a.tasks->parameters);
    double score[BM_TASK_SCORES];
    bm_task_room room = acting_room(&a, 1, 0, false);
    acting_begin(&room, 1);
    params[2] = (bm_real)NAN;
    a.tasks->type->methods->score(&room, params, score);
    ck_assert(isnan(score[0]));
    ck_assert(isnan(a.tasks->type->methods->gradient(&room, 0, params, grad)));
    ck_assert(isnan(a.tasks->type->methods->outer(&room, params, grad)));
    bm_task_room_close(&room);
    free(params);
    free(grad);
    acting_free(&a);
}
END_TEST

TEST_MAIN("episodes", 60, a_range_that_cannot_be_is_refused_with_its_reason,
          tasks_without_a_range_are_refused_with_what_there_is_to_give, an_environment_that_cannot_be_is_refused,
          options_that_only_fail_together_are_refused, tasks_that_look_different_to_a_policy_are_refused,
          more_episodes_than_can_be_kept_are_refused, an_environment_is_a_family_by_its_id,
          draws_are_uniform_over_ranges_and_values, corners_are_all_combinations_of_ends_and_values,
          every_end_and_value_is_an_edge_once, the_longest_episodes_are_found_however_many_options_there_are,
          a_policy_that_is_shown_the_goal_walks_there, advantages_are_generalised_ones,
          a_task_is_the_same_however_often_it_is_looked_at, steps_after_the_first_can_be_shorter,
          training_may_adapt_with_fewer_episodes_than_a_test, parameters_that_are_not_finite_have_no_score)
