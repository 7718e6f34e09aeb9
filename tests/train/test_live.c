/* Hyperparameters that change while a run trains: the run stays reproducible, from its own file of changes, and after
 * having been stopped anywhere; and whoever watches sees the weights that the trainer has. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"
#include "support.h"
#include "train/agent_trainee.h"
#include "train/live.h"
#include "train/run_state.h"

static bm_experiment experiment_of(const char *agent) {
    static const char *const settings[][2] = {
        {"steps", "4000"}, {"seed", "5"}, {"eval_episodes", "3"}, {"max_seconds", "inf"}};
    bm_experiment experiment;
    bm_error error;
    ck_assert_msg(bm_experiment_create(&experiment, &bm_agent_trainee_type, agent, "CartPole-v1", &error) == BM_OK,
                  "%s", error.text);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        ck_assert(bm_experiment_set(&experiment, settings[i][0], settings[i][1], &error) == BM_OK);
    }
    ck_assert(bm_experiment_settle(&experiment, &error) == BM_OK);
    return experiment;
}

static bm_run *create(const bm_experiment *experiment, const char *folder, const char *name, const char *changes) {
    const bm_run_start start = {.runs = folder, .name = name, .changes = changes};
    bm_run *run;
    bm_error error;
    ck_assert_msg(bm_run_create(&run, experiment, &start, &error) == BM_OK, "%s", error.text);
    return run;
}

static bm_run_result finish(bm_run *run, bm_live *live) {
    bm_run_result result;
    bm_error error;
    const bm_run_watch watch = {.live = live};
    ck_assert_msg(bm_run_train(run, &watch, &result, &error) == BM_OK, "%s", error.text);
    bm_live_destroy(live);
    bm_run_destroy(run);
    return result;
}

static void write_text(const char *path, const char *text) {
    bm_error error;
    ck_assert_msg(bm_write_file(path, text, strlen(text), &error) == BM_OK, "%s", error.text);
}

static uint64_t hash_with(const bm_experiment *experiment, const char *folder, const char *name, const char *text) {
    char path[SCRATCH_BYTES + 32];
    snprintf(path, sizeof path, "%s/%s.csv", folder, name);
    if (text) {
        write_text(path, text);
    }
    return finish(create(experiment, folder, name, text ? path : NULL), NULL).hash;
}

START_TEST(changes_take_effect_at_their_step_and_only_then) {
    char folder[SCRATCH_BYTES];
    bm_experiment experiment = experiment_of("dqn");
    scratch_make(folder);
    const uint64_t plain = hash_with(&experiment, folder, "plain", NULL);
    const uint64_t early = hash_with(&experiment, folder, "early", "step,option,value\n1000,learning_rate,0.001\n");
    const uint64_t late = hash_with(&experiment, folder, "late", "step,option,value\n1500,learning_rate,0.001\n");
    ck_assert(plain != early && early != late && plain != late);
    /* in any order in the file, with dashes, without a last newline, beyond the end */
    ck_assert(hash_with(&experiment, folder, "again",
                        "step,option,value\r\n9999,gamma,0.5\r\n1000,learning-rate,1e-3") == early);
    /* the last of two at one step counts; what changes nothing changes nothing */
    ck_assert(hash_with(&experiment, folder, "twice",
                        "step,option,value\n1000,learning_rate,0.5\n1000,learning_rate,0.001\n") == early);
    ck_assert(hash_with(&experiment, folder, "same", "step,option,value\n10,gamma,0.99\n") == plain);
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

START_TEST(a_schedule_begins_where_the_agent_is) {
    char folder[SCRATCH_BYTES];
    bm_experiment experiment = experiment_of("reinforce");
    scratch_make(folder);
    const uint64_t constant = hash_with(&experiment, folder, "a", "step,option,value\n0,learning_rate,0.01\n");
    const uint64_t falling = hash_with(&experiment, folder, "b", "step,option,value\n0,learning_rate,lin_0.01\n");
    ck_assert(constant != falling);
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

START_TEST(a_run_stopped_between_changes_goes_on_with_them) {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 32], where[BM_PATH_MAX];
    static const char changes[] = "step,option,value\n700,gamma,0.9\n2500,optimizer.beta1,0.5\n";
    bm_experiment experiment = experiment_of("dqn");
    bm_error error;
    scratch_make(folder);
    const uint64_t whole = hash_with(&experiment, folder, "whole", changes);
    snprintf(path, sizeof path, "%s/whole.csv", folder);
    bm_run *run = create(&experiment, folder, "parts", path);
    snprintf(where, sizeof where, "%s", bm_run_folder(run));
    bm_run_destroy(run);
    uint64_t hash = 0;
    for (int part = 1; part <= 4; part++) {
        bm_experiment stored;
        char steps[16];
        ck_assert_msg(bm_run_experiment(&stored, &bm_agent_trainee_type, where, "last", &error) == BM_OK, "%s",
                      error.text);
        snprintf(steps, sizeof steps, "%d", 1000 * part);
        ck_assert(bm_experiment_set(&stored, "stop_at_return", "inf", &error) == BM_OK);
        /* the length stays, because schedules are shares of it: stopped by a flag that time raises is what users do;
         * here the run is cut by max_seconds, one step at a time for a while */
        ck_assert(bm_experiment_set(&stored, "max_seconds", part < 4 ? "0" : "inf", &error) == BM_OK);
        for (int i = 0; i < (part < 4 ? 300 : 1); i++) {
            ck_assert_msg(bm_run_resume(&run, &stored, where, &error) == BM_OK, "%s", error.text);
            hash = finish(run, NULL).hash;
        }
        bm_experiment_free(&stored);
    }
    ck_assert(hash == whole);
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

static void assert_refused(const char *text, const char *sentence) {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 32], runs[SCRATCH_BYTES + 32];
    bm_experiment experiment = experiment_of("dqn");
    bm_run *run;
    bm_error error;
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/changes.csv", folder);
    snprintf(runs, sizeof runs, "%s/runs", folder);
    write_text(path, text);
    const bm_run_start start = {.runs = runs, .name = "x", .changes = path};
    ck_assert(bm_run_create(&run, &experiment, &start, &error) == BM_INVALID);
    bm_run_destroy(run);
    ck_assert_msg(strstr(error.text, sentence) != NULL, "%s lacks %s", error.text, sentence);
    ck_assert_msg(!bm_path_exists(runs), "a refused file of changes left a run folder");
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}

START_TEST(bad_files_are_refused_before_anything_is_created) {
    assert_refused("", "does not begin with the line step,option,value");
    assert_refused("step,option\n1,gamma\n", "does not begin with the line step,option,value");
    assert_refused("step,option,value\n1,gamma,0.9\nsoon,gamma,0.9\n", "line 3");
    assert_refused("step,option,value\n-1,gamma,0.9\n", "line 2");
    assert_refused("step,option,value\n1,gamma\n", "line 2");
    assert_refused("step,option,value\n1,gamma,0.9,0.8\n", "line 2");
    assert_refused("step,option,value\n1,gamma,1.5\n", "gamma=1.5 outside [0, 1]");
    assert_refused("step,option,value\n1,gama,0.5\n", "did you mean gamma");
    assert_refused("step,option,value\n1,buffer_size,50\n", "cannot change while training");
}
END_TEST

typedef struct {
    bm_live *live;
    int wishes;
    _Atomic bool ended;
    bool saw_message;
} viewer;

/* Turns the learning rate while the run trains, and looks at the copies it gets. */
static void *view(void *context) {
    viewer *v = context;
    char message[256];
    int sent = 0;
    while (!v->ended) {
        if (bm_live_refresh(v->live) && sent < v->wishes) {
            bm_live_change(v->live, "learning_rate", sent % 2 ? "0.001" : "0.0005");
            sent++;
        }
        v->saw_message |= bm_live_message(v->live, message, sizeof message) && strstr(message, "learning_rate = 0.0");
    }
    return NULL;
}

START_TEST(what_was_changed_live_is_recorded_and_replays_to_the_same_bits) {
    char folder[SCRATCH_BYTES], recorded[BM_PATH_MAX + 32], copied[BM_PATH_MAX + 32];
    bm_experiment experiment = experiment_of("dqn");
    bm_error error;
    scratch_make(folder);
    ck_assert(bm_experiment_set(&experiment, "steps", "30000", &error) == BM_OK);
    ck_assert(bm_experiment_set(&experiment, "learning_starts", "500", &error) == BM_OK);
    bm_run *run = create(&experiment, folder, "live", NULL);
    snprintf(recorded, sizeof recorded, "%s/changes.csv", bm_run_folder(run));
    viewer v = {.wishes = 3};
    pthread_t thread;
    ck_assert_msg(bm_live_create(&v.live, run, &error) == BM_OK, "%s", error.text);
    ck_assert(pthread_create(&thread, NULL, view, &v) == 0);
    bm_run_result live;
    ck_assert(bm_run_train(run, &(bm_run_watch){.live = v.live}, &live, &error) == BM_OK);
    v.ended = true;
    pthread_join(thread, NULL);
    ck_assert(v.saw_message);
    bm_live_destroy(v.live);
    bm_run_destroy(run);
    ck_assert_msg(bm_path_exists(recorded), "no change was recorded");
    ck_assert(live.hash != hash_with(&experiment, folder, "without", NULL));
    run = create(&experiment, folder, "replayed", recorded);
    snprintf(copied, sizeof copied, "%s/changes.csv", bm_run_folder(run));
    ck_assert(finish(run, NULL).hash == live.hash);
    ck_assert(bm_path_exists(copied));
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

START_TEST(a_wish_counts_at_once_for_the_watcher) {
    char folder[SCRATCH_BYTES], message[256], text[BM_OPTION_TEXT_BYTES];
    bm_experiment experiment = experiment_of("dqn");
    bm_error error;
    bm_live *live;
    scratch_make(folder);
    bm_run *run = create(&experiment, folder, "run", NULL);
    ck_assert(bm_live_create(&live, run, &error) == BM_OK);
    const bm_preset_target *options = &bm_live_trainee(live)->live;
    for (int presses = 0; presses < 3; presses++) { /* faster than the trainer serves */
        const void *field;
        const bm_option *row = bm_options_find(options->options, options->config, "train_freq", &field);
        ck_assert(bm_option_nudge(row, field, 1, text, sizeof text));
        bm_live_change(live, "train_freq", text);
        bm_live_refresh(live); /* an older copy does not undo it */
    }
    ck_assert_str_eq(text, "8");
    bm_live_serve(live);
    ck_assert_int_eq(run->changes.count, 1);
    ck_assert_str_eq(run->changes.items[0].value, "8");
    ck_assert(bm_live_message(live, message, sizeof message));
    ck_assert_str_eq(message, "train_freq = 8 from step 0");
    bm_live_change(live, "gamma", "7");
    ck_assert(bm_live_message(live, message, sizeof message));
    ck_assert_str_eq(message, "gamma=7 outside [0, 1]");
    ck_assert(!bm_live_message(live, message, sizeof message));
    bm_live_destroy(live);
    bm_run_destroy(run);
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

START_TEST(a_loaded_policy_explores_as_the_run_did_in_the_end) {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 32], where[BM_PATH_MAX], text[BM_OPTION_TEXT_BYTES];
    bm_experiment experiment = experiment_of("dqn");
    bm_error error;
    bm_trained policy;
    const void *field;
    scratch_make(folder);
    snprintf(path, sizeof path, "%s/c.csv", folder);
    write_text(path, "step,option,value\n100,exploration_final_eps,0.75\n5000,exploration_final_eps,1\n");
    bm_run *run = create(&experiment, folder, "run", path);
    snprintf(where, sizeof where, "%s", bm_run_folder(run));
    finish(run, NULL);
    ck_assert_msg(bm_trained_load(&policy, &bm_agent_trainee_type, where, "last", &error) == BM_OK, "%s", error.text);
    const bm_option *row =
        bm_options_find(policy.trainee->live.options, policy.trainee->live.config, "exploration_final_eps", &field);
    bm_option_format(row, field, text, sizeof text);
    ck_assert_str_eq(text, "0.75"); /* what was to come after step 4000 did not */
    bm_trained_free(&policy);
    bm_experiment_free(&experiment);
    scratch_remove(folder, NULL);
}
END_TEST

START_TEST(the_watchers_agent_acts_as_the_runs) {
    static const char *const agents[] = {"dqn", "reinforce"};
    for (int i = 0; i < 2; i++) {
        char folder[SCRATCH_BYTES];
        bm_experiment experiment = experiment_of(agents[i]);
        bm_error error;
        bm_live *live;
        bm_run_result result;
        scratch_make(folder);
        bm_run *run = create(&experiment, folder, "run", NULL);
        ck_assert_msg(bm_live_create(&live, run, &error) == BM_OK, "%s", error.text);
        ck_assert(bm_run_train(run, &(bm_run_watch){.live = live}, &result, &error) == BM_OK);
        ck_assert(bm_live_refresh(live));
        float observation[4 * 32];
        bm_real trained[2 * 32], watched[2 * 32], value[32];
        for (int k = 0; k < 4 * 32; k++) {
            observation[k] = sinf((float)k);
        }
        bm_agent *both[2] = {bm_agent_trainee_of(run->trainee)->agent,
                             bm_agent_trainee_of(bm_live_trainee(live))->agent};
        ck_assert_int_eq(bm_live_trainee(live)->count, 4000);
        ck_assert_int_eq(both[1]->steps, 4000);
        ck_assert_int_eq(both[1]->updates, both[0]->updates);
        bm_real *preference[2] = {trained, watched};
        for (int who = 0; who < 2; who++) {
            for (int k = 0; k < 32; k++) { /* the run's agent has room for few rows */
                const bm_agent_input input = {.n = 1, .observation = observation + 4 * (ptrdiff_t)k};
                bm_agent_inspect(both[who], &input, preference[who] + 2 * (ptrdiff_t)k, value);
            }
        }
        ck_assert_mem_eq(trained, watched, sizeof trained);
        bm_live_destroy(live);
        bm_run_destroy(run);
        bm_experiment_free(&experiment);
        scratch_remove(folder, NULL);
    }
}
END_TEST

TEST_MAIN("live", 120, changes_take_effect_at_their_step_and_only_then, a_schedule_begins_where_the_agent_is,
          a_run_stopped_between_changes_goes_on_with_them, bad_files_are_refused_before_anything_is_created,
          what_was_changed_live_is_recorded_and_replays_to_the_same_bits, a_wish_counts_at_once_for_the_watcher,
          a_loaded_policy_explores_as_the_run_did_in_the_end, the_watchers_agent_acts_as_the_runs)
