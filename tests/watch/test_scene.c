/* Scenes: every size and state can be drawn, what changes shows, and curves stay bounded. */
#include "watch/scene.h"

#include <math.h>
#include <string.h>

#include "draw/raster.h"
#include "support.h"
#include "train/agent_trainee.h"

static bm_agent *new_agent(const bm_player *player, const char *name) {
    const bm_agent_type *type;
    bm_error error;
    bm_agent *agent;
    ck_assert(bm_agent_lookup(name, &type, &error) == BM_OK);
    const bm_agent_setup setup = {.type = type,
                                  .batch = player->env,
                                  .max_rows = 64,
                                  .total_steps = 100,
                                  .seed = bm_seed_of(3),
                                  .acts_only = true};
    ck_assert(bm_agent_create(&agent, &setup, &error) == BM_OK);
    return agent;
}

typedef struct {
    bm_player *player;
    bm_agent *agent;
    bm_curves curves;
    bm_knob knobs[BM_SCENE_KNOBS];
    bm_scene scene;
} stage;

static void raise_curtain(stage *it, const char *env, const char *agent) {
    bm_error error;
    bm_player *blind;
    memset(it, 0, sizeof *it);
    ck_assert(bm_player_create(&blind, bm_env_find(env), NULL, NULL, 1, &error) == BM_OK);
    it->agent = new_agent(blind, agent);
    bm_player_destroy(blind);
    ck_assert(bm_player_create(&it->player, bm_env_find(env), NULL, it->agent, 1, &error) == BM_OK);
    it->curves.loss_name = "loss";
    it->curves.exploration_name = "exploration rate";
    it->curves.progress = (bm_progress){.step = 1234, .total = 20000, .steps_per_second = 54321, .score = NAN};
    for (int i = 0; i < 50; i++) {
        bm_curve_add(&it->curves.episode_return, i, i);
        bm_curve_add(&it->curves.loss, i, 1.0 / (i + 1));
    }
    it->curves.marks[0] = 10;
    it->curves.mark_count = 1;
    it->scene = (bm_scene){
        .title = "a title",
        .player = it->player,
        .speed = 1,
        .knobs = it->knobs,
        .knob_count = bm_scene_list_knobs(it->agent, it->knobs),
    };
}

static void fall_curtain(stage *it) {
    bm_player_destroy(it->player);
    bm_agent_destroy(it->agent);
}

static uint64_t picture(const bm_scene *scene, int width, int height) {
    bm_raster *raster;
    bm_canvas canvas;
    bm_error error;
    ck_assert(bm_raster_create(&raster, width, height, &error) == BM_OK);
    bm_raster_begin(raster, BM_PAPER, &canvas);
    bm_scene_draw(scene, &canvas);
    const uint64_t hash = bm_hash_bytes(bm_raster_pixels(raster), (size_t)width * (size_t)height * sizeof(uint32_t), 0);
    bm_raster_destroy(raster);
    return hash;
}

START_TEST(scenes_of_every_size_and_state_can_be_drawn) {
    static const int sizes[][2] = {{1, 1},     {3, 700},   {700, 3},    {120, 120},
                                   {320, 240}, {600, 400}, {1040, 660}, {1900, 1000}};
    static const bm_scene_key help[] = {{"h", "show or hide these keys"}, {NULL, NULL}};
    static const char *const envs[] = {"CartPole-v1", "GridWorld-v0"};
    static const char *const agents[] = {"dqn", "reinforce"};
    for (int k = 0; k < 4; k++) {
        stage it;
        raise_curtain(&it, envs[k % 2], agents[k / 2]);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (unsigned state = 0; state < 16; state++) {
                it.scene.curves = state & 1 ? &it.curves : NULL;
                it.scene.help = state & 2 ? help : NULL;
                it.scene.notice = state & 4 ? "something happened" : NULL;
                it.scene.knob = state & 8 ? it.scene.knob_count - 1 : 0;
                it.scene.speed = state & 8 ? INFINITY : 1;
                const uint64_t once = picture(&it.scene, sizes[i][0], sizes[i][1]);
                ck_assert(once == picture(&it.scene, sizes[i][0], sizes[i][1]));
            }
        }
        fall_curtain(&it);
    }
}
END_TEST

START_TEST(what_changes_shows) {
    stage it;
    raise_curtain(&it, "CartPole-v1", "dqn");
    it.scene.curves = &it.curves;
    const uint64_t before = picture(&it.scene, 1040, 660);
    bm_scene changed = it.scene;
    changed.paused = true;
    ck_assert(picture(&changed, 1040, 660) != before);
    changed = it.scene;
    changed.notice = "saved";
    ck_assert(picture(&changed, 1040, 660) != before);
    changed = it.scene;
    changed.knob = 1;
    ck_assert(picture(&changed, 1040, 660) != before);
    changed = it.scene;
    changed.recording = true;
    ck_assert(picture(&changed, 1040, 660) != before);
    it.curves.marks[0] = 40; /* a change is a line on the curves */
    ck_assert(picture(&it.scene, 1040, 660) != before);
    it.curves.marks[0] = 10;
    ck_assert(picture(&it.scene, 1040, 660) == before);
    bm_player_step(it.player);
    ck_assert(picture(&it.scene, 1040, 660) != before);
    fall_curtain(&it);
}
END_TEST

START_TEST(the_lines_of_text_say_how_it_stands) {
    stage it;
    char line[BM_SCENE_LINE];
    raise_curtain(&it, "CartPole-v1", "dqn");
    bm_player_step(it.player);
    bm_scene_status(&it.scene, line);
    ck_assert_str_eq(line, "episode 1   step 1   return 1   greedy   speed ×1");
    it.scene.paused = true;
    it.player->explore = true;
    bm_scene_status(&it.scene, line);
    ck_assert_str_eq(line, "episode 1   step 1   return 1   exploring   paused");
    bm_scene_training(&it.scene, line);
    ck_assert_str_eq(line, "");
    it.scene.curves = &it.curves;
    it.curves.progress.training = NAN;
    bm_scene_training(&it.scene, line);
    ck_assert_str_eq(line, "1,234 of 20,000 steps   54.3k steps/s");
    it.curves.progress.training = 0.875;
    bm_scene_training(&it.scene, line);
    ck_assert_str_eq(line, "1,234 of 20,000 steps   54.3k steps/s   mean return 0.875");
    it.scene.person = "press a key";
    bm_scene_status(&it.scene, line);
    ck_assert_str_eq(line, "episode 1   step 1   return 1   you play   paused   press a key");
    fall_curtain(&it);
}
END_TEST

START_TEST(knobs_are_the_options_that_may_change) {
    stage it;
    raise_curtain(&it, "CartPole-v1", "dqn");
    bool gamma = false, beta = false;
    for (int i = 0; i < it.scene.knob_count; i++) {
        gamma |= strcmp(it.knobs[i].key, "gamma") == 0 && strcmp(it.knobs[i].value, "0.99") == 0;
        beta |= strcmp(it.knobs[i].key, "optimizer.beta1") == 0;
        ck_assert_str_ne(it.knobs[i].key, "buffer_size");
    }
    ck_assert(gamma && beta);
    fall_curtain(&it);
}
END_TEST

START_TEST(a_long_curve_keeps_its_shape_in_bounded_memory) {
    static bm_curve curve;
    curve = (bm_curve){0};
    bm_curve_add(&curve, -1, NAN);
    ck_assert_int_eq(curve.count, 0);
    for (int i = 0; i < 100000; i++) {
        bm_curve_add(&curve, i, 2 * i);
    }
    ck_assert_int_gt(curve.count, BM_CURVE_POINTS / 2 - 1);
    ck_assert(curve.x[0] == 0);
    ck_assert(curve.x[curve.count - 1] > 99000);
    for (int i = 1; i < curve.count; i++) {
        ck_assert(curve.x[i] - curve.x[i - 1] == curve.stride);
        ck_assert(curve.y[i] == 2 * curve.x[i]);
    }
}
END_TEST

START_TEST(progress_becomes_curves) {
    static bm_curve_store store;
    static bm_curves read;
    double metric[16] = {0};
    bm_agent agent = {.metric = metric};
    const bm_agent_trainee trainee = {.agent = &agent};
    bm_change changed = {.step = 70};
    bm_changes changes = {.items = &changed, .count = 1};
    const bm_agent_type *type;
    bm_error error;
    read = (bm_curves){0};
    ck_assert(bm_agent_lookup("dqn", &type, &error) == BM_OK);
    bm_curve_store_init(&store, type);
    ck_assert(!bm_curve_store_read(&store, &read));
    metric[0] = 0.5;  /* rollout/exploration_rate */
    metric[2] = 0.25; /* train/loss */
    bm_progress progress = {.step = 50, .training = 20, .score = NAN, .trainee = &trainee.common, .changes = &changes};
    bm_curve_store_add(&store, &progress);
    progress =
        (bm_progress){.step = 100, .score = 30, .evaluated = true, .trainee = &trainee.common, .changes = &changes};
    changes.next = 1;
    bm_curve_store_add(&store, &progress);
    ck_assert(bm_curve_store_read(&store, &read));
    ck_assert(!bm_curve_store_read(&store, &read));
    ck_assert_int_eq(read.episode_return.count, 1);
    ck_assert(read.episode_return.y[0] == 20 && read.exploration.y[0] == 0.5 && read.loss.y[0] == 0.25);
    ck_assert_int_eq(read.evaluation.count, 1);
    ck_assert(read.evaluation.x[0] == 100 && read.evaluation.y[0] == 30);
    ck_assert_int_eq(read.mark_count, 1);
    ck_assert(read.marks[0] == 70);
    bm_curve_store_free(&store);
}
END_TEST

TEST_MAIN("scene", 120, scenes_of_every_size_and_state_can_be_drawn, what_changes_shows,
          the_lines_of_text_say_how_it_stands, knobs_are_the_options_that_may_change,
          a_long_curve_keeps_its_shape_in_bounded_memory, progress_becomes_curves)
