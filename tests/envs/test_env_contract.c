/* What every environment promises, whatever it is: loops over the registry. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"

enum { LANES = 5, STEPS = 400 };

static bm_env_batch *started(const bm_env_type *type, int lanes, uint64_t seed) {
    return build(type->id, lanes, "", seed);
}

/* Copies the actions of from's lanes first.. to all lanes of to. */
static void copy_actions(bm_env_batch *to, const bm_env_batch *from, int first) {
    const size_t bytes = bm_space_bytes(&to->action_space);
    memcpy(to->action, (const char *)from->action + (size_t)first * bytes, (size_t)to->lanes * bytes);
}

static const char *observation_row(const bm_env_batch *batch, const void *observations, int lane) {
    return (const char *)observations + (size_t)lane * bm_space_bytes(&batch->observation_space);
}

/* Lane b of two equals lane a of one: observation, reward, flags, episode. */
static void assert_same_lane(const bm_env_batch *one, int a, const bm_env_batch *two, int b) {
    const size_t bytes = bm_space_bytes(&one->observation_space);
    ck_assert_mem_eq(observation_row(one, one->observation, a), observation_row(two, two->observation, b), bytes);
    ck_assert(one->reward[a] == two->reward[b]);
    ck_assert_int_eq(one->terminated[a], two->terminated[b]);
    ck_assert_int_eq(one->truncated[a], two->truncated[b]);
    ck_assert_int_eq(one->elapsed[a], two->elapsed[b]);
    ck_assert(one->episode_return[a] == two->episode_return[b]);
    if (one->terminated[a] || one->truncated[a]) {
        ck_assert_mem_eq(observation_row(one, one->final_observation, a),
                         observation_row(two, two->final_observation, b), bytes);
        ck_assert(one->final_return[a] == two->final_return[b]);
        ck_assert_int_eq(one->final_length[a], two->final_length[b]);
    }
}

static double element(const bm_space *space, const void *row, int i) {
    switch (space->dtype) {
    case BM_F32:
        return ((const float *)row)[i];
    case BM_U8:
        return ((const uint8_t *)row)[i];
    default:
        return ((const int32_t *)row)[i];
    }
}

static void assert_inside(const bm_env_batch *batch, const void *row) {
    const bm_space *space = &batch->observation_space;
    for (int i = 0; i < space->size; i++) {
        const double low = space->kind == BM_BOX ? space->low[i] : 0;
        const double high = space->kind == BM_BOX ? space->high[i] : space->n - 1;
        const double value = element(space, row, i);
        ck_assert_msg(isfinite(value) && value >= low && value <= high, "%s: observation %d is %g, outside [%g, %g]",
                      batch->type->id, i, value, low, high);
    }
}

static void assert_space(const char *id, const bm_space *space) {
    int size = 1;
    for (int i = 0; i < space->dims; i++) {
        size *= space->shape[i];
    }
    ck_assert_msg(size == space->size && size > 0, "%s: size %d is not the product of the shape", id, space->size);
    if (space->kind == BM_DISCRETE) {
        ck_assert_msg(space->n > 0 && space->dtype == BM_I32, "%s: a discrete space of int32", id);
        return;
    }
    for (int i = 0; i < space->size; i++) {
        ck_assert_msg(space->low[i] <= space->high[i], "%s: bounds %d", id, i);
    }
}

#define EACH_TYPE(type) for (const bm_env_type *const *at_ = bm_env_types, *type; (type = *at_) != NULL; at_++)

START_TEST(every_type_describes_itself) {
    EACH_TYPE(type) {
        ck_assert_ptr_nonnull(type->id);
        ck_assert_ptr_nonnull(type->summary);
        ck_assert_ptr_nonnull(type->source);
        ck_assert_ptr_eq(bm_env_find(type->id), type);
        bm_env_batch *batch = started(type, 2, 1);
        assert_space(type->id, &batch->observation_space);
        assert_space(type->id, &batch->action_space);
        ck_assert_int_eq(batch->max_episode_steps, type->max_episode_steps);
        for (int i = 0; batch->action_space.kind == BM_BOX && i < batch->action_space.size; i++) {
            ck_assert(isfinite(batch->action_space.low[i]) && isfinite(batch->action_space.high[i]));
        }
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(observations_stay_in_their_space_and_rewards_finite) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 3);
        bm_rng rng = bm_rng_seeded(4);
        for (int t = 0; t < STEPS; t++) {
            for (int i = 0; i < LANES; i++) {
                assert_inside(batch, observation_row(batch, batch->observation, i));
                ck_assert(isfinite(batch->reward[i]));
            }
            for (int k = 0; k < batch->ended_count; k++) {
                assert_inside(batch, observation_row(batch, batch->final_observation, batch->ended[k]));
            }
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(a_batch_equals_single_lanes_seeded_one_by_one) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 10);
        bm_env_batch *single[LANES];
        for (int i = 0; i < LANES; i++) {
            single[i] = started(type, 1, 10 + (uint64_t)i);
            assert_same_lane(batch, i, single[i], 0);
        }
        bm_rng rng = bm_rng_seeded(5);
        for (int t = 0; t < STEPS; t++) {
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
            for (int i = 0; i < LANES; i++) {
                copy_actions(single[i], batch, i);
                bm_env_step(single[i]);
                assert_same_lane(batch, i, single[i], 0);
            }
        }
        for (int i = 0; i < LANES; i++) {
            bm_env_destroy(single[i]);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(lanes_seeded_as_children_use_those_children) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 1);
        const bm_seed parent = bm_seed_of(77);
        bm_env_seed_children(batch, &parent);
        for (uint32_t i = 0; i < LANES; i++) {
            const bm_seed child = bm_seed_child(&parent, i);
            const bm_rng rng = bm_rng_from(&child);
            ck_assert_mem_eq(&batch->rng[i], &rng, sizeof rng);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

/* A twin without the driver: the same state stepped by the type alone, which never resets. */
START_TEST(final_observation_is_what_the_ended_episode_showed_last) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 20);
        bm_env_batch *twin = started(type, LANES, 20);
        bm_state from = {0}, to = {0};
        bm_env_state(batch, &from);
        bm_env_state(twin, &to);
        bm_rng rng = bm_rng_seeded(6);
        int ends = 0;
        for (int t = 0; t < STEPS; t++) {
            for (size_t k = 0; k < from.count; k++) {
                memcpy(to.items[k].data, from.items[k].data, bm_array_bytes(&from.items[k]));
            }
            bm_env_sample_actions(batch, &rng);
            copy_actions(twin, batch, 0);
            bm_env_step(batch);
            type->step(twin);
            type->observe(twin, 0, LANES);
            const size_t bytes = bm_space_bytes(&batch->observation_space);
            for (int i = 0; i < LANES; i++) {
                const bool over = batch->terminated[i] || batch->truncated[i];
                const void *shown = over ? batch->final_observation : batch->observation;
                ck_assert_mem_eq(observation_row(batch, shown, i), observation_row(twin, twin->observation, i), bytes);
                ck_assert_int_eq(batch->terminated[i], twin->terminated[i]);
                ends += over;
            }
        }
        ck_assert_msg(ends > 0, "%s: no episode ended in %d steps", type->id, STEPS);
        bm_state_free(&from);
        bm_state_free(&to);
        bm_env_destroy(batch);
        bm_env_destroy(twin);
    }
}
END_TEST

START_TEST(ended_lanes_returns_and_lengths_agree_with_an_account_kept_outside) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 30);
        bm_rng rng = bm_rng_seeded(7);
        double total[LANES] = {0};
        int length[LANES] = {0};
        for (int t = 0; t < STEPS; t++) {
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
            int listed = 0;
            for (int i = 0; i < LANES; i++) {
                total[i] += batch->reward[i];
                length[i]++;
                if (batch->terminated[i] || batch->truncated[i]) {
                    ck_assert_int_lt(listed, batch->ended_count);
                    ck_assert_int_eq(batch->ended[listed++], i);
                    ck_assert(batch->final_return[i] == total[i]);
                    ck_assert_int_eq(batch->final_length[i], length[i]);
                    total[i] = length[i] = 0;
                }
                ck_assert(batch->episode_return[i] == total[i]);
                ck_assert_int_eq(batch->elapsed[i], length[i]);
            }
            ck_assert_int_eq(listed, batch->ended_count);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(the_time_limit_truncates_on_its_last_step_and_not_before) {
    EACH_TYPE(type) {
        bm_env_batch *batch = build(type->id, LANES, "max_episode_steps=3", 1);
        ck_assert_int_eq(batch->max_episode_steps, 3);
        bm_env_seed(batch, 40);
        bm_env_reset(batch);
        bm_rng rng = bm_rng_seeded(8);
        int cut = 0;
        for (int t = 0; t < STEPS; t++) {
            int before[LANES];
            memcpy(before, batch->elapsed, sizeof before);
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
            for (int i = 0; i < LANES; i++) {
                ck_assert_int_eq(batch->truncated[i], before[i] == 2);
                cut += batch->truncated[i];
            }
        }
        ck_assert_int_gt(cut, 0);
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(no_time_limit_means_no_truncation) {
    EACH_TYPE(type) {
        bm_env_batch *batch = build(type->id, 1, "max_episode_steps=0", 1);
        ck_assert_int_eq(batch->max_episode_steps, 0);
        bm_env_seed(batch, 41);
        bm_env_reset(batch);
        bm_rng rng = bm_rng_seeded(9);
        for (int t = 0; t < STEPS; t++) {
            batch->elapsed[0] += 100000; /* as if the episode were old */
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
            ck_assert_int_eq(batch->truncated[0], 0);
        }
        bm_env_destroy(batch);
    }
}
END_TEST

/* Saved in the middle of episodes and restored into a new batch that had another seed. */
START_TEST(a_restored_batch_goes_on_as_if_nothing_had_happened) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 50);
        bm_rng rng = bm_rng_seeded(10);
        for (int t = 0; t < 37; t++) {
            bm_env_sample_actions(batch, &rng);
            bm_env_step(batch);
        }
        bm_env_batch *restored = started(type, LANES, 999);
        bm_state from = {0}, to = {0};
        bm_env_state(batch, &from);
        bm_env_state(restored, &to);
        ck_assert_int_eq(bm_state_check(&from, NULL), BM_OK);
        for (size_t k = 0; k < from.count; k++) {
            const bm_array *target = bm_state_find(&to, from.items[k].name);
            ck_assert_ptr_nonnull(target);
            memcpy(target->data, from.items[k].data, bm_array_bytes(&from.items[k]));
        }
        ck_assert_mem_eq(restored->observation, batch->observation, LANES * bm_space_bytes(&batch->observation_space));
        for (int t = 0; t < STEPS; t++) {
            bm_env_sample_actions(batch, &rng);
            copy_actions(restored, batch, 0);
            bm_env_step(batch);
            bm_env_step(restored);
            for (int i = 0; i < LANES; i++) {
                assert_same_lane(batch, i, restored, i);
            }
        }
        ck_assert_uint_eq(bm_state_hash(&from, 0), bm_state_hash(&to, 0));
        bm_state_free(&from);
        bm_state_free(&to);
        bm_env_destroy(batch);
        bm_env_destroy(restored);
    }
}
END_TEST

/* One lane's internal state, carried over as numbers, gives the same next step. */
START_TEST(a_state_carried_as_numbers_steps_the_same) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 60);
        bm_env_batch *other = started(type, 1, 61);
        bm_rng rng = bm_rng_seeded(11);
        double values[BM_ENV_FIELDS_MAX];
        for (int t = 0; t < STEPS; t++) {
            bm_env_get_state(batch, 2, values);
            set_state(other, 0, values);
            other->rng[0] = batch->rng[2];
            bm_env_sample_actions(batch, &rng);
            copy_actions(other, batch, 2);
            type->step(other);
            type->observe(other, 0, 1);
            bm_env_step(batch);
            const bool over = batch->terminated[2] || batch->truncated[2];
            const void *shown = over ? batch->final_observation : batch->observation;
            ck_assert_mem_eq(observation_row(batch, shown, 2), other->observation,
                             bm_space_bytes(&batch->observation_space));
            ck_assert(other->reward[0] == batch->reward[2]);
        }
        bm_env_destroy(batch);
        bm_env_destroy(other);
    }
}
END_TEST

/* Every field is an array of the state list with its bounds, and refuses what lies outside without changing the
 * lane. */
START_TEST(fields_are_listed_with_their_bounds_and_hold_to_them) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, LANES, 80);
        bm_state state = {0};
        bm_error error;
        double values[BM_ENV_FIELDS_MAX], wrong[BM_ENV_FIELDS_MAX], after[BM_ENV_FIELDS_MAX];
        bm_env_state(batch, &state);
        ck_assert(type->fields.count > 0 && type->fields.count <= BM_ENV_FIELDS_MAX);
        bm_env_get_state(batch, 1, values);
        for (int f = 0; f < type->fields.count; f++) {
            const bm_env_field *field = &type->fields.rows[f];
            const bm_array *array = bm_state_find(&state, field->name);
            ck_assert_msg(array && array->dtype == field->dtype && array->bounded, "%s: %s", type->id, field->name);
            ck_assert_uint_eq(bm_array_bytes(array), LANES * bm_dtype_bytes(field->dtype));
            ck_assert(array->low == field->low && array->high == field->high);
            ck_assert(bm_dtype_get(field->dtype, array->data, 1) == values[f]);
            const double bad[] = {NAN, field->low - 1, field->high + 1};
            for (int k = 0; k < 3; k++) {
                memcpy(wrong, values, sizeof wrong);
                wrong[f] = bad[k];
                if (isinf(bad[k])) {
                    continue;
                }
                ck_assert_int_eq(bm_env_set_state(batch, 1, wrong, &error), BM_INVALID);
                ck_assert_msg(strstr(error.text, type->id) && strstr(error.text, field->name), "%s", error.text);
                bm_env_get_state(batch, 1, after);
                ck_assert_mem_eq(after, values, (size_t)type->fields.count * sizeof *values);
            }
        }
        ck_assert(bm_env_check_restored(batch, &error) == BM_OK);
        bm_state_free(&state);
        bm_env_destroy(batch);
    }
}
END_TEST

START_TEST(sampled_actions_are_numpys_integers_and_uniforms_one_by_one) {
    EACH_TYPE(type) {
        bm_env_batch *batch = started(type, 3, 1); /* odd: leaves half a 64-bit draw over */
        const bm_space *space = &batch->action_space;
        bm_rng rng = bm_rng_seeded(12), reference = rng;
        for (int round = 0; round < 50; round++) {
            bm_env_sample_actions(batch, &rng);
            for (int i = 0; i < batch->lanes * space->size; i++) {
                if (space->kind == BM_DISCRETE) {
                    ck_assert_int_eq(choices(batch)[i], bm_rng_integers(&reference, 0, space->n));
                } else {
                    const int k = i % space->size;
                    const float want = (float)bm_rng_uniform(&reference, space->low[k], space->high[k]);
                    ck_assert(((const float *)batch->action)[i] == want);
                }
            }
        }
        ck_assert_uint_eq(bm_rng_uint32(&rng), bm_rng_uint32(&reference));
        bm_env_destroy(batch);
    }
}
END_TEST

/* A model is right when the environment, put into a state, does what the model says as often as it says. */
START_TEST(a_finite_model_foretells_what_steps_do) {
    enum { SAMPLES = 2000 };
    EACH_TYPE(type) {
        if (!type->model) {
            continue;
        }
        bm_env_batch *batch = started(type, SAMPLES, 70);
        bm_env_batch *target = started(type, 1, 0);
        const size_t bytes = bm_space_bytes(&batch->observation_space);
        const int states = type->model->states(batch);
        double start = 0;
        for (int s = 0; s < states; s++) {
            start += type->model->start(batch, s);
            for (int a = 0; a < batch->action_space.n; a++) {
                bm_outcome outcome[BM_OUTCOMES_MAX];
                const int count = type->model->outcomes(batch, s, a, outcome);
                if (count == 0) {
                    continue;
                }
                for (int i = 0; i < SAMPLES; i++) {
                    type->model->place(batch, i, s);
                    choices(batch)[i] = a;
                }
                type->step(batch);
                type->observe(batch, 0, SAMPLES);
                double sum = 0;
                for (int k = 0; k < count; k++) {
                    type->model->place(target, 0, outcome[k].next);
                    type->observe(target, 0, 1);
                    double probability = 0; /* of all outcomes that look like this one */
                    for (int j = 0; j < count; j++) {
                        const bool same = outcome[j].next == outcome[k].next && outcome[j].reward == outcome[k].reward;
                        probability += same ? outcome[j].probability : 0;
                    }
                    int seen = 0;
                    for (int i = 0; i < SAMPLES; i++) {
                        seen += batch->reward[i] == outcome[k].reward &&
                                batch->terminated[i] == outcome[k].terminated &&
                                memcmp(observation_row(batch, batch->observation, i), target->observation, bytes) == 0;
                    }
                    const double deviation = sqrt(probability * (1 - probability) / SAMPLES);
                    ck_assert(fabs((double)seen / SAMPLES - probability) <= 5 * deviation + 1e-12);
                    sum += outcome[k].probability;
                }
                assert_near(sum, 1, 1e-12, "probabilities of one action");
            }
        }
        assert_near(start, 1, 1e-12, "start distribution");
        bm_env_destroy(batch);
        bm_env_destroy(target);
    }
}
END_TEST

START_TEST(an_unknown_environment_is_refused_with_the_nearest_name) {
    const bm_env_type *type;
    bm_error error;
    ck_assert_int_eq(bm_env_lookup("CartPole-v1", &type, &error), BM_OK);
    ck_assert_str_eq(type->id, "CartPole-v1");
    ck_assert_int_eq(bm_env_lookup("CartPol-v1", &type, &error), BM_INVALID);
    ck_assert_ptr_null(type);
    ck_assert_ptr_nonnull(strstr(error.text, "did you mean CartPole-v1?"));
    ck_assert_int_eq(bm_env_lookup("Chess", &type, &error), BM_INVALID);
    ck_assert_ptr_null(strstr(error.text, "did you mean"));
}
END_TEST

START_TEST(a_number_of_lanes_out_of_range_is_refused) {
    bm_env_batch *batch;
    bm_error error;
    ck_assert_int_eq(bm_env_create(&batch, bm_env_types[0], NULL, 0, &error), BM_INVALID);
    ck_assert_ptr_null(batch);
    ck_assert_int_eq(bm_env_create(&batch, bm_env_types[0], NULL, (1 << 20) + 1, &error), BM_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "1048577 lanes"));
}
END_TEST

START_TEST(every_type_can_be_watched_and_its_discrete_actions_played) {
    EACH_TYPE(type) {
        ck_assert_msg(type->draw != NULL, "%s does not draw itself", type->id);
        ck_assert_msg(type->steps_per_second > 0, "%s: %g steps a second", type->id, type->steps_per_second);
        bm_env_batch *batch = started(type, 1, 1);
        const bm_space *space = &batch->action_space;
        const bm_env_action *actions = type->actions;
        for (int i = 0; space->kind == BM_DISCRETE && i < space->n; i++) {
            ck_assert_msg(actions && actions[i].name && actions[i].name[0] && actions[i].key && actions[i].key[0],
                          "%s: action %d of %d has no name or key", type->id, i, space->n);
            for (int k = 0; k < i; k++) {
                ck_assert_str_ne(actions[i].key, actions[k].key);
                ck_assert_str_ne(actions[i].name, actions[k].name);
            }
        }
        ck_assert_msg(space->kind != BM_DISCRETE || !actions[space->n].name, "%s: more than %d actions", type->id,
                      space->n);
        bm_env_destroy(batch);
    }
}
END_TEST

TEST_MAIN("env contract", 60, every_type_describes_itself, every_type_can_be_watched_and_its_discrete_actions_played,
          observations_stay_in_their_space_and_rewards_finite, a_batch_equals_single_lanes_seeded_one_by_one,
          lanes_seeded_as_children_use_those_children, final_observation_is_what_the_ended_episode_showed_last,
          ended_lanes_returns_and_lengths_agree_with_an_account_kept_outside,
          the_time_limit_truncates_on_its_last_step_and_not_before, no_time_limit_means_no_truncation,
          a_restored_batch_goes_on_as_if_nothing_had_happened, a_state_carried_as_numbers_steps_the_same,
          fields_are_listed_with_their_bounds_and_hold_to_them,
          sampled_actions_are_numpys_integers_and_uniforms_one_by_one, a_finite_model_foretells_what_steps_do,
          an_unknown_environment_is_refused_with_the_nearest_name, a_number_of_lanes_out_of_range_is_refused)
