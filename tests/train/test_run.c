/* A run is reproducible and can be stopped anywhere: the same seed gives the same bits, a continued run ends as one
 * that never stopped, and damage is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/io.h"
#include "support.h"
#include "train/agent_trainee.h"
#include "train/run.h"

enum { STEPS = 3000 };

static void set(bm_experiment *experiment, const char *key, const char *value) {
    bm_error error;
    ck_assert_msg(bm_experiment_set(experiment, key, value, &error) == BM_OK, "%s", error.text);
}

static bm_experiment short_experiment(const char *agent, const char *seed) {
    bm_experiment experiment;
    bm_error error;
    ck_assert_msg(bm_experiment_create(&experiment, &bm_agent_trainee_type, agent, "CartPole-v1", &error) == BM_OK,
                  "%s", error.text);
    set(&experiment, "steps", "3000");
    set(&experiment, "seed", seed);
    set(&experiment, "eval_episodes", "3");
    set(&experiment, "num_envs", "2");
    if (strcmp(agent, "dqn") == 0) {
        set(&experiment, "buffer_size", "700"); /* wraps around */
        set(&experiment, "policy_average", "0.9");
        set(&experiment, "exploration_fraction", "0.5");
    } else {
        set(&experiment, "baseline", "true");
    }
    ck_assert(bm_experiment_settle(&experiment, &error) == BM_OK);
    return experiment;
}

/* A run below a folder of its own; folder [BM_PATH_MAX] is the run's. */
static bm_run *new_run(const bm_experiment *experiment, const char *init_from, char *folder) {
    char runs[SCRATCH_BYTES];
    bm_error error;
    bm_run *run;
    scratch_make(runs);
    const bm_run_start start = {.runs = runs, .name = "run", .init_from = init_from};
    ck_assert_msg(bm_run_create(&run, experiment, &start, &error) == BM_OK, "%s", error.text);
    snprintf(folder, BM_PATH_MAX, "%s", bm_run_folder(run));
    return run;
}

/* RUNS/ENV/AGENT/NAME: what new_run made is RUNS. */
static void remove_run(const char *folder) {
    char runs[BM_PATH_MAX];
    snprintf(runs, sizeof runs, "%s", folder);
    for (int i = 0; i < 3; i++) {
        *strrchr(runs, '/') = '\0';
    }
    scratch_remove(runs, NULL);
}

typedef struct {
    int64_t steps, episodes, updates;
    double score;
    uint64_t hash;
} outcome;

static outcome finish(bm_run *run) {
    bm_run_result result;
    bm_error error;
    ck_assert_msg(bm_run_train(run, &(bm_run_watch){0}, &result, &error) == BM_OK, "%s", error.text);
    const bm_agent_trainee *trainee = bm_agent_trainee_of(bm_run_trainee(run));
    const outcome ended = {result.steps, trainee->episodes, trainee->agent->updates, result.score, result.hash};
    bm_run_destroy(run);
    return ended;
}

static outcome train(const char *agent, const char *seed) {
    char folder[BM_PATH_MAX];
    bm_experiment experiment = short_experiment(agent, seed);
    const outcome result = finish(new_run(&experiment, NULL, folder));
    remove_run(folder);
    bm_experiment_free(&experiment);
    return result;
}

static outcome resume(const char *folder, const char *max_seconds) {
    bm_experiment experiment;
    bm_run *run;
    bm_error error;
    ck_assert_msg(bm_run_experiment(&experiment, &bm_agent_trainee_type, folder, "last", &error) == BM_OK, "%s",
                  error.text);
    set(&experiment, "max_seconds", max_seconds);
    ck_assert_msg(bm_run_resume(&run, &experiment, folder, &error) == BM_OK, "%s", error.text);
    const outcome result = finish(run);
    bm_experiment_free(&experiment);
    return result;
}

START_TEST(the_same_seed_gives_the_same_bits_and_another_seed_others) {
    static const char *const agents[] = {"dqn", "reinforce"};
    for (int i = 0; i < 2; i++) {
        const outcome first = train(agents[i], "5"), again = train(agents[i], "5"), other = train(agents[i], "6");
        ck_assert_int_eq(first.steps, STEPS);
        ck_assert_int_gt(first.updates, 0);
        ck_assert(first.hash == again.hash);
        ck_assert(first.score == again.score);
        ck_assert(first.hash != other.hash);
    }
}
END_TEST

static char *file_text(const char *folder, const char *name, bm_arena *arena) {
    char path[BM_PATH_MAX + 64], *text;
    size_t bytes;
    bm_error error;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_msg(bm_read_file(path, 1 << 24, arena, &text, &bytes, &error) == BM_OK, "%s", error.text);
    return text;
}

static int count_lines(const char *text) {
    int lines = 0;
    for (; *text; text++) {
        lines += *text == '\n';
    }
    return lines;
}

START_TEST(a_run_stopped_many_times_ends_with_the_hash_and_the_files_of_one_that_never_stopped) {
    static const char *const agents[] = {"dqn", "reinforce"};
    for (int i = 0; i < 2; i++) {
        const outcome whole = train(agents[i], "9");
        char folder[BM_PATH_MAX];
        bm_experiment experiment = short_experiment(agents[i], "9");
        bm_run *run = new_run(&experiment, NULL, folder);
        bm_error error;
        atomic_int stop = 2;
        bm_run_result stopped;
        ck_assert_msg(bm_run_train(run, &(bm_run_watch){.stop = &stop}, &stopped, &error) == BM_OK, "%s", error.text);
        ck_assert_int_eq(stopped.interrupted, 2);
        ck_assert_int_eq(stopped.steps, 0);
        bm_run_destroy(run);
        /* No seconds to train: one step of both lanes, saved, again and again. */
        for (int stops = 1; stops <= 150; stops++) {
            ck_assert_int_eq(resume(folder, "0").steps, 2 * stops);
        }
        /* What a crash leaves behind: rows that no checkpoint knows of. */
        char path[BM_PATH_MAX + 64];
        snprintf(path, sizeof path, "%s/progress.csv", folder);
        FILE *file = fopen(path, "a");
        ck_assert_ptr_nonnull(file);
        fputs("99999,1,2,3\n", file);
        fclose(file);
        const outcome continued = resume(folder, "inf");
        ck_assert(continued.hash == whole.hash);
        ck_assert(continued.score == whole.score);
        bm_arena arena = {0};
        const char *progress = file_text(folder, "progress.csv", &arena);
        ck_assert_ptr_null(strstr(progress, "\n99999,"));
        ck_assert_int_ge(count_lines(progress), 200);
        ck_assert_int_eq(count_lines(file_text(folder, "monitor.csv", &arena)), (int)whole.episodes + 2);
        bm_arena_free(&arena);
        /* A finished run, continued, has nothing left to do. */
        ck_assert(resume(folder, "inf").hash == whole.hash);
        remove_run(folder);
        bm_experiment_free(&experiment);
    }
}
END_TEST

START_TEST(a_damaged_checkpoint_is_refused) {
    char folder[BM_PATH_MAX], path[BM_PATH_MAX + 64];
    bm_experiment experiment = short_experiment("dqn", "3"), loaded;
    bm_error error;
    finish(new_run(&experiment, NULL, folder));
    snprintf(path, sizeof path, "%s/checkpoint/last.safetensors", folder);
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    for (int part = 0; part < 50; part++) {
        const long at = (long)(info.st_size * part / 50);
        FILE *file = fopen(path, "r+b");
        ck_assert_ptr_nonnull(file);
        fseek(file, at, SEEK_SET);
        const int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x10, file);
        fclose(file);
        const bm_status status = bm_run_experiment(&loaded, &bm_agent_trainee_type, folder, "last", &error);
        ck_assert_msg(status == BM_FAILED, "byte %ld flipped and not refused", at);
        bm_experiment_free(&loaded);
        file = fopen(path, "r+b");
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fclose(file);
    }
    ck_assert(bm_run_experiment(&loaded, &bm_agent_trainee_type, folder, "last", &error) == BM_OK);
    bm_experiment_free(&loaded);
    ck_assert_int_eq(truncate(path, info.st_size / 2), 0);
    ck_assert(bm_run_experiment(&loaded, &bm_agent_trainee_type, folder, "last", &error) == BM_FAILED);
    bm_experiment_free(&loaded);
    remove_run(folder);
    bm_experiment_free(&experiment);
}
END_TEST

/* A file with right checksums and a wrong number. */
START_TEST(a_checkpoint_with_a_number_out_of_bounds_is_not_resumed) {
    static const struct {
        const char *array;
        double value;
        const char *sentence;
    } cases[] = {
        {"run.step", -1, "array 'run.step' holds -1, which is outside [0, 9.22337e+18]"},
        {"env.elapsed", -3, "array 'env.elapsed' holds -3, which is outside [0, 2.14748e+09]"},
        {"env.angle", NAN, "array 'env.angle' holds nan, which is outside [-inf, inf]"},
        {"agent.rollout.action", 2, "array 'agent.rollout.action' holds 2, which is outside [0, 1]"},
    };
    char folder[BM_PATH_MAX], path[BM_PATH_MAX + 64];
    bm_experiment experiment = short_experiment("reinforce", "3"), loaded;
    bm_error error;
    finish(new_run(&experiment, NULL, folder));
    snprintf(path, sizeof path, "%s/checkpoint/last.safetensors", folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_safetensors file;
        bm_run *run = NULL;
        ck_assert(bm_safetensors_load(path, false, &file, &error) == BM_OK);
        const bm_array *array = bm_state_find(&file.state, cases[i].array);
        ck_assert_msg(array != NULL, "no %s", cases[i].array);
        const double before = bm_dtype_get(array->dtype, array->data, 0);
        bm_dtype_set(array->dtype, array->data, 0, cases[i].value);
        ck_assert(bm_safetensors_save(path, &file.state, file.metadata, &error) == BM_OK);
        ck_assert(bm_run_experiment(&loaded, &bm_agent_trainee_type, folder, "last", &error) == BM_OK);
        ck_assert_int_eq(bm_run_resume(&run, &loaded, folder, &error), BM_FAILED);
        bm_run_destroy(run);
        ck_assert_msg(strstr(error.text, cases[i].sentence) != NULL, "%s", error.text);
        bm_dtype_set(array->dtype, array->data, 0, before);
        ck_assert(bm_safetensors_save(path, &file.state, file.metadata, &error) == BM_OK);
        bm_experiment_free(&loaded);
        bm_safetensors_free(&file);
    }
    remove_run(folder);
    bm_experiment_free(&experiment);
}
END_TEST

START_TEST(weights_can_be_taken_from_another_run) {
    char source[BM_PATH_MAX], target[BM_PATH_MAX];
    bm_experiment experiment = short_experiment("dqn", "3"), other = short_experiment("dqn", "4");
    bm_error error;
    finish(new_run(&experiment, NULL, source));
    bm_run_destroy(new_run(&other, source, target));
    bm_trained trained, taken;
    ck_assert(bm_trained_load(&trained, &bm_agent_trainee_type, source, "last", &error) == BM_OK);
    ck_assert(bm_trained_load(&taken, &bm_agent_trainee_type, target, "last", &error) == BM_OK);
    bm_state a = {0}, b = {0};
    trained.trainee->type->state(trained.trainee, &a);
    taken.trainee->type->state(taken.trainee, &b);
    const bm_array *kernel = bm_state_find(&a, "agent.nets.q.dense0.kernel");
    ck_assert_ptr_nonnull(kernel);
    ck_assert_mem_eq(kernel->data, bm_state_find(&b, "agent.nets.q.dense0.kernel")->data, bm_array_bytes(kernel));
    ck_assert_int_eq(taken.trainee->count, 0);
    bm_state_free(&a);
    bm_state_free(&b);
    bm_trained_free(&trained);
    bm_trained_free(&taken);
    remove_run(source);
    remove_run(target);
    bm_experiment_free(&experiment);
    bm_experiment_free(&other);
}
END_TEST

START_TEST(an_evaluation_does_not_depend_on_how_its_episodes_are_batched) {
    char folder[BM_PATH_MAX];
    bm_experiment experiment = short_experiment("dqn", "3");
    bm_error error;
    finish(new_run(&experiment, NULL, folder));
    bm_trained policy;
    ck_assert(bm_trained_load(&policy, &bm_agent_trainee_type, folder, "last", &error) == BM_OK);
    double sum = 0;
    bm_agent *agent = bm_agent_trainee_of(policy.trainee)->agent;
    const bm_subject *env = &experiment.problem;
    bm_evaluator one, many;
    ck_assert(bm_evaluator_create(&one, agent, env->type, env->config, 1, &error) == BM_OK);
    ck_assert(bm_evaluator_create(&many, agent, env->type, env->config, 150, &error) == BM_OK);
    for (uint64_t i = 0; i < 150; i++) {
        sum += bm_evaluate(&one, 1, NULL, 1000 + i, false).mean_return;
    }
    const bm_evaluation together = bm_evaluate(&many, 150, NULL, 1000, false);
    assert_near(together.mean_return, sum / 150, 1e-12, "mean return");
    ck_assert_int_eq(together.episodes, 150);
    bm_evaluator_free(&one);
    bm_evaluator_free(&many);
    bm_trained_free(&policy);
    remove_run(folder);
    bm_experiment_free(&experiment);
}
END_TEST

START_TEST(a_run_without_a_folder_trains_the_same_and_writes_nothing) {
    char scratch[SCRATCH_BYTES], before[BM_PATH_MAX];
    bm_error error;
    bm_run *run;
    const outcome saved = train("dqn", "3");
    bm_experiment experiment = short_experiment("dqn", "3");
    scratch_make(scratch);
    ck_assert(getcwd(before, sizeof before) && chdir(scratch) == 0);
    ck_assert_msg(bm_run_create(&run, &experiment, &(bm_run_start){0}, &error) == BM_OK, "%s", error.text);
    ck_assert_str_eq(bm_run_folder(run), "");
    const outcome unsaved = finish(run);
    ck_assert(chdir(before) == 0);
    ck_assert_uint_eq(saved.hash, unsaved.hash);
    ck_assert(saved.score == unsaved.score);
    scratch_remove(scratch, (const char *const[]){NULL});
    bm_experiment_free(&experiment);
}
END_TEST

TEST_MAIN("run", 120, the_same_seed_gives_the_same_bits_and_another_seed_others,
          a_run_stopped_many_times_ends_with_the_hash_and_the_files_of_one_that_never_stopped,
          a_damaged_checkpoint_is_refused, a_checkpoint_with_a_number_out_of_bounds_is_not_resumed,
          weights_can_be_taken_from_another_run, an_evaluation_does_not_depend_on_how_its_episodes_are_batched,
          a_run_without_a_folder_trains_the_same_and_writes_nothing)
