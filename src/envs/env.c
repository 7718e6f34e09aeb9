/* The batch driver: what every environment has in common. It owns time limits, same-step autoreset, the final
 * observation and the lanes' generators; a type owns its dynamics. A step is a few passes over all lanes, and work
 * by lane only where an episode ended. */
#include "envs/env.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

enum { LANES_MAX = 1 << 20 };

_Static_assert(sizeof(bm_rng) == 6 * sizeof(uint64_t), "generators are saved as uint64 [lanes, 6]");

/* ---- spaces ---- */

size_t bm_space_bytes(const bm_space *space) {
    return (size_t)space->size * bm_dtype_bytes(space->dtype);
}

bm_space bm_space_discrete(int n) {
    return (bm_space){.kind = BM_DISCRETE, .dtype = BM_I32, .dims = 1, .shape = {1}, .size = 1, .n = n};
}

bm_space bm_space_box(bm_dtype dtype, int size, const double *low, const double *high) {
    return (bm_space){
        .kind = BM_BOX, .dtype = dtype, .dims = 1, .shape = {size}, .size = size, .low = low, .high = high};
}

/* ---- create ---- */

static int time_limit(const bm_env_type *type, const void *config) {
    const void *field;
    const bm_option *row = bm_options_find(&type->options, config, "max_episode_steps", &field);
    const int limit = row ? *(const int *)field : -1;
    return limit < 0 ? type->max_episode_steps : limit;
}

static void allocate_rows(bm_env_batch *batch) {
    const size_t lanes = (size_t)batch->lanes;
    const size_t observation_bytes = bm_space_bytes(&batch->observation_space);
    batch->action = bm_arena_alloc(&batch->arena, lanes, bm_space_bytes(&batch->action_space));
    if (batch->masked) {
        batch->action_mask = bm_arena_alloc(&batch->arena, lanes, (size_t)batch->action_space.n);
        batch->final_action_mask = bm_arena_alloc(&batch->arena, lanes, (size_t)batch->action_space.n);
    }
    batch->observation = bm_arena_alloc(&batch->arena, lanes, observation_bytes);
    batch->final_observation = bm_arena_alloc(&batch->arena, lanes, observation_bytes);
    batch->rng = BM_NEW(&batch->arena, bm_rng, lanes);
    batch->reward = BM_NEW(&batch->arena, double, lanes);
    batch->terminated = BM_NEW(&batch->arena, uint8_t, lanes);
    batch->truncated = BM_NEW(&batch->arena, uint8_t, lanes);
    batch->episode_start = BM_NEW(&batch->arena, uint8_t, lanes);
    batch->elapsed = BM_NEW(&batch->arena, int32_t, lanes);
    batch->ended = BM_NEW(&batch->arena, int32_t, lanes);
    batch->episode_return = BM_NEW(&batch->arena, double, lanes);
    batch->final_return = BM_NEW(&batch->arena, double, lanes);
    batch->final_length = BM_NEW(&batch->arena, int32_t, lanes);
}

static void *field_array(const bm_env_batch *batch, const bm_env_field *field) {
    void *array;
    memcpy(&array, (const char *)batch->state + field->offset, sizeof array);
    return array;
}

static void allocate_state(bm_env_batch *batch) {
    const bm_env_fields *fields = &batch->type->fields;
    batch->state = bm_arena_alloc(&batch->arena, 1, fields->state_bytes);
    for (int f = 0; f < fields->count && batch->state; f++) {
        const bm_env_field *field = &fields->rows[f];
        void *array = bm_arena_alloc(&batch->arena, (size_t)batch->lanes, bm_dtype_bytes(field->dtype));
        memcpy((char *)batch->state + field->offset, &array, sizeof array);
    }
}

static bm_status fill(bm_env_batch *batch, const bm_env_type *type, const void *config, int lanes, bm_error *error) {
    void *copy = bm_arena_alloc(&batch->arena, 1, type->options.config_bytes);
    if (copy && config) {
        memcpy(copy, config, type->options.config_bytes);
    } else if (copy) {
        bm_options_defaults(&type->options, copy);
    }
    batch->type = type;
    batch->config = copy;
    batch->lanes = lanes;
    allocate_state(batch);
    bm_status status = bm_arena_check(&batch->arena, type->id, error);
    if (status != BM_OK) {
        return status;
    }
    batch->max_episode_steps = time_limit(type, copy);
    status = type->create(batch, error);
    if (status != BM_OK) {
        return status;
    }
    allocate_rows(batch);
    return bm_arena_check(&batch->arena, type->id, error);
}

bm_status bm_env_create(bm_env_batch **batch, const bm_env_type *type, const void *config, int lanes, bm_error *error) {
    *batch = NULL;
    if (lanes < 1 || lanes > LANES_MAX) {
        return bm_invalid(error, "%d lanes outside [1, %d]", lanes, LANES_MAX);
    }
    bm_env_batch *created = calloc(1, sizeof *created);
    if (!created) {
        return bm_fail(error, "not enough memory for %s", type->id);
    }
    const bm_status status = fill(created, type, config, lanes, error);
    if (status != BM_OK) {
        bm_env_destroy(created);
        return status;
    }
    *batch = created;
    return BM_OK;
}

void bm_env_destroy(bm_env_batch *batch) {
    if (batch) {
        bm_arena_free(&batch->arena);
        free(batch);
    }
}

/* ---- seed, reset, step ---- */

void bm_env_seed(bm_env_batch *batch, uint64_t seed) {
    for (int i = 0; i < batch->lanes; i++) {
        batch->rng[i] = bm_rng_seeded(seed + (uint64_t)i);
    }
}

void bm_env_seed_children(bm_env_batch *batch, const bm_seed *parent) {
    for (int i = 0; i < batch->lanes; i++) {
        const bm_seed child = bm_seed_child(parent, (uint32_t)i);
        batch->rng[i] = bm_rng_from(&child);
    }
}

static void start_episode(bm_env_batch *batch, int lane) {
    batch->type->reset(batch, lane);
    batch->elapsed[lane] = 0;
    batch->episode_return[lane] = 0;
    batch->episode_start[lane] = 1;
}

/* Whether a mask's row allows a value of every number. */
static bool allows_choice(const bm_space *space, const uint8_t *mask) {
    for (int i = 0; i < space->size; i++) {
        const int n = bm_space_count(space, i);
        if (!memchr(mask, 1, (size_t)n)) {
            return false;
        }
        mask += n;
    }
    return true;
}

void bm_env_observe(bm_env_batch *batch, int first, int count) {
    batch->type->observe(batch, first, count);
    if (batch->masked) {
        batch->type->mask(batch, first, count);
    }
}

/* An episode that goes on, from its first observation on, needs an action. */
static void check_masks(bm_env_batch *batch, int first, int count) {
    const size_t n = (size_t)batch->action_space.n;
    for (int i = first; i < first + count && !batch->fault.text[0]; i++) {
        const bool goes_on = !batch->terminated[i] || batch->episode_start[i];
        if (goes_on && !allows_choice(&batch->action_space, batch->action_mask + (size_t)i * n)) {
            (void)bm_fail(&batch->fault, "%s allows no action in lane %d at step %" PRId32 " of its episode",
                          batch->type->id, i, batch->elapsed[i]);
        }
    }
}

static void show(bm_env_batch *batch, int first, int count) {
    bm_env_observe(batch, first, count);
    if (batch->masked) {
        check_masks(batch, first, count);
    }
}

void bm_env_reset(bm_env_batch *batch) {
    for (int i = 0; i < batch->lanes; i++) {
        start_episode(batch, i);
        batch->reward[i] = 0;
        batch->terminated[i] = batch->truncated[i] = 0;
    }
    batch->ended_count = 0;
    batch->fault.text[0] = '\0';
    show(batch, 0, batch->lanes);
}

/* Counts the step in every lane and lists the lanes whose episode ended, ascending. */
static void count_step(bm_env_batch *batch) {
    const int lanes = batch->lanes;
    const int32_t limit = batch->max_episode_steps > 0 ? batch->max_episode_steps : INT32_MAX;
    const double *restrict reward = batch->reward;
    const uint8_t *restrict terminated = batch->terminated;
    uint8_t *restrict truncated = batch->truncated, *restrict episode_start = batch->episode_start;
    int32_t *restrict elapsed = batch->elapsed;
    int32_t *restrict ended = batch->ended;
    double *restrict episode_return = batch->episode_return;
    for (int i = 0; i < lanes; i++) {
        episode_return[i] += reward[i];
    }
    for (int i = 0; i < lanes; i++) {
        elapsed[i] += elapsed[i] < INT32_MAX; /* an episode without a limit may outlast the counter */
        truncated[i] = elapsed[i] >= limit;
        episode_start[i] = 0;
    }
    int count = 0;
    for (int i = 0; i < lanes; i++) {
        ended[count] = i; /* overwritten by the next candidate when this one goes on: no branch to mispredict */
        count += terminated[i] | truncated[i];
    }
    batch->ended_count = count;
}

void bm_env_advance(bm_env_batch *batch) {
    batch->type->step(batch);
    count_step(batch);
    show(batch, 0, batch->lanes);
}

void bm_env_restart_ended(bm_env_batch *batch) {
    const size_t bytes = bm_space_bytes(&batch->observation_space), n = (size_t)batch->action_space.n;
    for (int k = 0; k < batch->ended_count; k++) {
        const int lane = batch->ended[k];
        const size_t row = (size_t)lane * bytes;
        memcpy((char *)batch->final_observation + row, (const char *)batch->observation + row, bytes);
        if (batch->masked) {
            memcpy(batch->final_action_mask + (size_t)lane * n, batch->action_mask + (size_t)lane * n, n);
        }
        batch->final_return[lane] = batch->episode_return[lane];
        batch->final_length[lane] = batch->elapsed[lane];
        start_episode(batch, lane);
        show(batch, lane, 1);
    }
}

void bm_env_step(bm_env_batch *batch) {
    bm_env_advance(batch);
    bm_env_restart_ended(batch);
}

bm_status bm_env_check(const bm_env_batch *batch, bm_error *error) {
    return batch->fault.text[0] ? bm_fail(error, "%s", batch->fault.text) : BM_OK;
}

/* ---- state ---- */

void bm_space_state(const bm_space *space, bm_state *state, const char *name, void *data, size_t rows) {
    bm_state_matrix(state, name, space->dtype, data, rows, (size_t)space->size);
    int most = 0;
    for (int i = 0; space->kind == BM_DISCRETE && i < space->size; i++) {
        most = bm_space_count(space, i) > most ? bm_space_count(space, i) : most;
        bm_state_bound(state, 0, most - 1);
    }
}

void bm_env_state(bm_env_batch *batch, bm_state *state) {
    const size_t lanes = (size_t)batch->lanes;
    const bm_env_fields *fields = &batch->type->fields;
    bm_state_matrix(state, "rng", BM_U64, batch->rng, lanes, 6);
    bm_state_vector(state, "elapsed", BM_I32, batch->elapsed, lanes);
    bm_state_bound(state, 0, INT32_MAX);
    bm_state_vector(state, "episode_return", BM_F64, batch->episode_return, lanes);
    bm_state_vector(state, "episode_start", BM_U8, batch->episode_start, lanes);
    bm_state_bound(state, 0, 1);
    bm_space_state(&batch->observation_space, state, "observation", batch->observation, lanes);
    if (batch->masked) {
        bm_state_matrix(state, "action_mask", BM_U8, batch->action_mask, lanes, (size_t)batch->action_space.n);
        bm_state_bound(state, 0, 1);
    }
    for (int f = 0; f < fields->count; f++) {
        const bm_env_field *field = &fields->rows[f];
        bm_state_vector(state, field->name, field->dtype, field_array(batch, field), lanes);
        bm_state_bound(state, field->low, field->high);
    }
    if (batch->type->state) {
        batch->type->state(batch, state);
    }
}

static bm_status check_values(const bm_env_batch *batch, const double *values, bm_error *error) {
    const bm_env_type *type = batch->type;
    for (int f = 0; f < type->fields.count; f++) {
        const bm_env_field *field = &type->fields.rows[f];
        const bool real = field->dtype == BM_F32 || field->dtype == BM_F64;
        if (!(values[f] >= field->low && values[f] <= field->high)) {
            return bm_invalid(error, "%s: %s=%g is outside [%g, %g]", type->id, field->name, values[f], field->low,
                              field->high);
        }
        if (!real && values[f] != floor(values[f])) {
            return bm_invalid(error, "%s: %s=%g is no whole number", type->id, field->name, values[f]);
        }
    }
    return type->check ? type->check(batch, values, error) : BM_OK;
}

void bm_env_get_state(const bm_env_batch *batch, int lane, double *values) {
    const bm_env_fields *fields = &batch->type->fields;
    for (int f = 0; f < fields->count; f++) {
        values[f] = bm_dtype_get(fields->rows[f].dtype, field_array(batch, &fields->rows[f]), (size_t)lane);
    }
}

bm_status bm_env_set_state(bm_env_batch *batch, int lane, const double *values, bm_error *error) {
    const bm_env_fields *fields = &batch->type->fields;
    const bm_status status = check_values(batch, values, error);
    for (int f = 0; f < fields->count && status == BM_OK; f++) {
        bm_dtype_set(fields->rows[f].dtype, field_array(batch, &fields->rows[f]), (size_t)lane, values[f]);
    }
    return status;
}

bm_status bm_env_check_restored(const bm_env_batch *batch, bm_error *error) {
    double values[BM_ENV_FIELDS_MAX];
    bm_error why;
    for (int lane = 0; lane < batch->lanes; lane++) {
        bm_env_get_state(batch, lane, values);
        if (check_values(batch, values, &why) != BM_OK) {
            return bm_fail(error, "the file is damaged: lane %d of %.400s", lane, why.text);
        }
    }
    return BM_OK;
}

/* ---- actions ---- */

static int32_t scale_bits(uint32_t bits, int n) {
    return (int32_t)((uint64_t)bits * (uint32_t)n >> 32);
}

/* integers(n) takes the upper half of 32 bits times n and, where n is a power of two, never rejects: then one 64-bit
 * draw makes two actions, low half first as NumPy buffers them. */
static void sample_power_of_two(bm_rng *rng, int n, int count, int32_t *action) {
    int i = 0;
    if (rng->has_uint32) {
        action[i++] = scale_bits(bm_rng_uint32(rng), n);
    }
    for (; i + 1 < count; i += 2) {
        const uint64_t bits = bm_rng_uint64(rng);
        action[i] = scale_bits((uint32_t)bits, n);
        action[i + 1] = scale_bits((uint32_t)(bits >> 32), n);
    }
    if (i < count) {
        action[i] = scale_bits(bm_rng_uint32(rng), n);
    }
}

int32_t bm_env_sample_choice(bm_rng *rng, int n, const uint8_t *mask) {
    if (!mask) {
        return (int32_t)bm_rng_integers(rng, 0, n);
    }
    int allowed = 0;
    for (int k = 0; k < n; k++) {
        allowed += mask[k];
    }
    int64_t left = allowed ? bm_rng_integers(rng, 0, allowed) : 0;
    int k = 0;
    while (k < n && (!mask[k] || left-- > 0)) {
        k++;
    }
    return k < n ? k : 0;
}

static void sample_discrete(const bm_env_batch *batch, bm_rng *rng, int32_t *action) {
    const bm_space *space = &batch->action_space;
    const uint8_t *mask = batch->action_mask;
    for (int i = 0; i < batch->lanes * space->size; i++) {
        const int n = bm_space_count(space, i % space->size);
        if (mask) {
            action[i] = bm_env_sample_choice(rng, n, mask);
            mask += n;
        } else if (space->counts) {
            action[i] = (int32_t)(bm_rng_double(rng) * n);
        } else {
            action[i] = (int32_t)bm_rng_integers(rng, 0, n);
        }
    }
}

void bm_env_sample_actions(bm_env_batch *batch, bm_rng *rng) {
    const bm_space *space = &batch->action_space;
    const bool power_of_two = space->n > 1 && (space->n & (space->n - 1)) == 0;
    if (space->kind == BM_BOX) {
        float *action = batch->action;
        for (int i = 0; i < batch->lanes * space->size; i++) {
            const int k = i % space->size;
            action[i] = (float)bm_rng_uniform(rng, space->low[k], space->high[k]);
        }
    } else if (power_of_two && !space->counts && !batch->masked) {
        sample_power_of_two(rng, space->n, batch->lanes, batch->action);
    } else {
        sample_discrete(batch, rng, batch->action);
    }
}

/* ---- registry ---- */

#define ENV(name) extern const bm_env_type bm_env_##name;
#include "envs/env_list.h"
#undef ENV

#define ENV(name) &bm_env_##name,
const bm_env_type *const bm_env_types[] = {
#include "envs/env_list.h"
    NULL};
#undef ENV

const char *bm_env_name(int i) {
    return bm_env_types[i] ? bm_env_types[i]->id : NULL;
}

bm_status bm_env_lookup(const char *id, const bm_env_type **type, bm_error *error) {
    const int i = bm_find_name("environment", id, bm_env_name, " (see bellman list envs)", error);
    *type = i < 0 ? NULL : bm_env_types[i];
    return i < 0 ? BM_INVALID : BM_OK;
}

const bm_env_type *bm_env_find(const char *id) {
    const bm_env_type *type;
    return bm_env_lookup(id, &type, NULL) == BM_OK ? type : NULL;
}
