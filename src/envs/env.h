#ifndef BM_ENVS_ENV_H
#define BM_ENVS_ENV_H

/* Environments are batches: a type steps n lanes at once over struct-of-arrays state. The driver here, and no
 * environment, owns time limits, autoreset and the final observation. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/canvas.h"
#include "core/error.h"
#include "core/option.h"
#include "core/rng.h"
#include "core/state.h"

typedef enum { BM_BOX, BM_DISCRETE } bm_space_kind;

/* BM_BOX: size numbers of dtype, each within [low[i], high[i]]. BM_DISCRETE: size integers (int32), each from 0 to its
 * count - 1. */
typedef struct {
    bm_space_kind kind;
    bm_dtype dtype; /* of observations: BM_F32, BM_U8, BM_I32; actions: BM_F32 or, discrete, BM_I32 */
    int dims;
    int shape[3];
    int size;                 /* product of shape */
    int n;                    /* BM_DISCRETE: values of all numbers together: network outputs, width of a mask */
    const int *counts;        /* BM_DISCRETE: [size] values of each number; NULL: n of the only one */
    const double *low, *high; /* BM_BOX: [size]; may be infinite */
    double scale;             /* BM_U8 boxes: factor from a byte to a network's input, as 1.0 / 255; 0 counts as 1 */
} bm_space;

bm_space bm_space_discrete(int n); /* one integer 0 .. n-1 */
/* A vector of size numbers; low, high: [size], and belong to the caller. */
bm_space bm_space_box(bm_dtype dtype, int size, const double *low, const double *high);
size_t bm_space_bytes(const bm_space *space); /* of one element: size * bytes of dtype */

/* How many values one number of a discrete space has. */
static inline int bm_space_count(const bm_space *space, int index) {
    return space->counts ? space->counts[index] : space->n;
}

typedef struct bm_env_batch bm_env_batch;

/* One way an action can turn out, for environments whose dynamics are a finite table. */
typedef struct {
    double probability;
    int next; /* state index; not looked at when terminated */
    double reward;
    bool terminated;
} bm_outcome;

enum { BM_OUTCOMES_MAX = 8 };

/* The finite Markov decision process behind an environment: exact values can be computed from it. */
typedef struct {
    int (*states)(const bm_env_batch *batch);
    double (*start)(const bm_env_batch *batch, int state); /* probability that an episode starts there */
    /* Fills at most BM_OUTCOMES_MAX and returns how many; 0: nothing happens any more in that state. */
    int (*outcomes)(const bm_env_batch *batch, int state, int action, bm_outcome *outcome);
    void (*place)(bm_env_batch *batch, int lane, int state); /* puts a lane there; bm_env_observe shows what it sees */
} bm_env_model;

/* What people call a discrete action, and the key that takes it: names as in render/render.h ("left", "space", "a"). */
typedef struct {
    const char *name, *key;
} bm_env_action;

/* What a policy thinks of every state of the model, for drawing it over the map. */
typedef struct {
    const double *value;   /* [states]; NAN: none */
    const int32_t *action; /* [states] the action it prefers */
} bm_env_policy_view;

/* An episode as a line on a map. */
typedef struct {
    const double *state; /* [count, fields] */
    int count;
    bm_color color;
    double width; /* pixels */
} bm_env_path;

/* One number of every lane's state. The driver allocates it, lists it for checkpoints, names it, gets and sets it. */
typedef struct {
    const char *name;
    bm_dtype dtype;
    size_t offset;    /* in the type's state struct, of the pointer to [lanes] */
    double low, high; /* that it lies within in every lane; may be infinite, and never holds NAN */
} bm_env_field;

typedef struct {
    const bm_env_field *rows;
    int count;
    size_t state_bytes; /* of the type's state struct */
} bm_env_fields;

/* The rows of a table of fields, and the table: .fields = BM_ENV_FIELDS(rows, corridor_state). */
#define BM_FIELD(state, field, low, high)                                                                              \
    { #field, BM_FIELD_DTYPE(((state *)0)->field), offsetof(state, field), low, high }
#define BM_FIELD_DTYPE(pointer)                                                                                        \
    _Generic((pointer), double * : BM_F64, float * : BM_F32, int32_t * : BM_I32, int64_t * : BM_I64, uint8_t * : BM_U8)
#define BM_ENV_FIELDS(rows, state)                                                                                     \
    { rows, sizeof rows / sizeof rows[0], sizeof(state) }

enum { BM_ENV_FIELDS_MAX = 64 };

typedef struct {
    const char *id, *summary, *source; /* "CartPole-v1", one line, where its dynamics come from */
    bm_options options;
    int max_episode_steps;   /* 0: no limit; the option of the same name overrides it */
    double reward_threshold; /* NAN: none */
    bm_env_fields fields;    /* create finds their arrays in batch->state, a struct that is zero otherwise */
    /* Fills the spaces, allocates what is not a field from batch->arena; refuses bad configurations. */
    bm_status (*create)(bm_env_batch *batch, bm_error *error);
    void (*reset)(bm_env_batch *batch, int lane);               /* draws from batch->rng[lane] */
    void (*step)(bm_env_batch *batch);                          /* all lanes: state, reward, terminated */
    void (*observe)(bm_env_batch *batch, int first, int count); /* writes batch->observation of these lanes */
    /* Writes batch->action_mask of these lanes, where masked. A forbidden action that is taken all the same must do no
     * harm. */
    void (*mask)(bm_env_batch *batch, int first, int count);
    void (*state)(bm_env_batch *batch, bm_state *state); /* lists what is not a field; NULL: nothing */
    /* Refuses values [fields] that are within their bounds and yet no state (BM_INVALID); NULL: there are none. */
    bm_status (*check)(const bm_env_batch *batch, const double *values, bm_error *error);
    const bm_env_model *model; /* NULL: not a finite table */
    /* Draws one lane so that it explains itself, in world units of its own choice (bm_canvas_fit). batch->action holds
     * what was done last, where elapsed is not 0. view: NULL, or over the model's states. */
    void (*draw)(const bm_env_batch *batch, int lane, const bm_env_policy_view *view, bm_canvas *canvas);
    /* Episodes, later ones above, on a map of lane 0's environment; NULL: a state is no place on a map. */
    void (*draw_paths)(const bm_env_batch *batch, const bm_env_path *paths, int count, bm_canvas *canvas);
    double steps_per_second;      /* that look natural */
    bool turn_based;              /* a person thinks as long as he likes; else time goes on */
    const bm_env_action *actions; /* of a discrete space, in order; a NULL name at the end */
} bm_env_type;

/* The one option all environments share, as a row of their tables; their config has `int max_episode_steps`. */
#define BM_ENV_TIME_LIMIT(config)                                                                                      \
    BM_OPTION(config, max_episode_steps, -1, -1, 1000000000, BM_LOG,                                                   \
              "steps until an episode is truncated; 0: no limit, -1: the environment's own limit")

/* Rows are lanes. After bm_env_step, observation holds what the agent acts on next: of lanes whose episode ended it is
 * the new episode's first, and final_observation holds the ended episode's last. terminated (the episode is over,
 * nothing follows) and truncated (the time limit cut it) are apart and may both be 1. */
struct bm_env_batch {
    const bm_env_type *type;
    const void *config; /* type's config struct; a copy of what create got */
    int lanes;
    int max_episode_steps; /* 0: no limit */
    bm_space observation_space, action_space;
    void *state;  /* the type's own */
    bm_rng *rng;  /* [lanes] */
    void *action; /* [lanes, action_space.size] int32_t or float, as its space; the caller writes it before a step */
    void *observation;               /* [lanes, observation bytes] */
    void *final_observation;         /* [lanes, observation bytes]; valid where an episode just ended */
    double *reward;                  /* [lanes] */
    uint8_t *terminated, *truncated; /* [lanes] 0 or 1 */
    uint8_t *episode_start;          /* [lanes] 1: the observation begins an episode */
    bool masked;                     /* create() sets it: actions may be forbidden */
    uint8_t *action_mask;            /* [lanes, action_space.n] 1: allowed; NULL: every action always is */
    uint8_t *final_action_mask;      /* the same at the final observation; valid where an episode just ended */
    int32_t *elapsed;                /* [lanes] steps done in the current episode */
    int32_t *ended; /* [lanes] the lanes whose episode just ended, ascending; first ended_count valid */
    int ended_count;
    double *episode_return; /* [lanes] undiscounted, of the current episode */
    double *final_return;   /* [lanes] of the episode that just ended */
    int32_t *final_length;  /* [lanes] */
    bm_error fault;         /* what went wrong in a reset or step; text[0] 0: nothing. bm_env_check tells */
    bm_arena arena;
};

/* config NULL: the defaults. lanes 1 .. 2^20. Seed and reset before the first step. */
bm_status bm_env_create(bm_env_batch **batch, const bm_env_type *type, const void *config, int lanes, bm_error *error);
void bm_env_destroy(bm_env_batch *batch); /* NULL is fine */

void bm_env_seed(bm_env_batch *batch, uint64_t seed);                  /* lane i: default_rng(seed + i) */
void bm_env_seed_children(bm_env_batch *batch, const bm_seed *parent); /* lane i: child i of parent */
void bm_env_reset(bm_env_batch *batch);                                /* every lane starts an episode */
void bm_env_step(bm_env_batch *batch);                                 /* takes the actions; autoresets */
/* The two halves of a step, for those who want to see how an episode ended: after the first, lanes whose episode ended
 * still show their last state. */
void bm_env_advance(bm_env_batch *batch);
void bm_env_restart_ended(bm_env_batch *batch);
/* Writes observation and, where there are masks, mask of these lanes, as their state is now: steps and resets do so by
 * themselves. */
void bm_env_observe(bm_env_batch *batch, int first, int count);
/* After a reset or a step. BM_FAILED: a lane's mask allows no action although its episode goes on. */
bm_status bm_env_check(const bm_env_batch *batch, bm_error *error);
void bm_env_state(bm_env_batch *batch, bm_state *state); /* what exact resume between two steps needs */
/* After that has been restored: BM_FAILED where a lane's fields are no state. */
bm_status bm_env_check_restored(const bm_env_batch *batch, bm_error *error);
/* rows elements of a space for a state list, with the bounds of discrete numbers. */
void bm_space_state(const bm_space *space, bm_state *state, const char *name, void *data, size_t rows);

/* A lane's fields: values [type->fields.count]. Setting them leaves everything else of the lane alone, and what it
 * shows too. BM_INVALID names a value that is out of bounds or no whole number, or says why they are no state; the lane
 * is then as it was. */
void bm_env_get_state(const bm_env_batch *batch, int lane, double *values);
bm_status bm_env_set_state(bm_env_batch *batch, int lane, const double *values, bm_error *error);

/* A uniform action for every lane, as Gymnasium 1.3's action_space.sample() draws them, lane 0 first: Discrete.sample,
 * of the allowed actions where the batch has masks, MultiDiscrete.sample, Box.sample. Action boxes are bounded. */
void bm_env_sample_actions(bm_env_batch *batch, bm_rng *rng);
/* One of n values, of those that mask [n] allows (0 where it allows none); NULL: of all. */
int32_t bm_env_sample_choice(bm_rng *rng, int n, const uint8_t *mask);

/* The registry: env_list.h. */
extern const bm_env_type *const bm_env_types[];                                     /* NULL at the end */
const char *bm_env_name(int i);                                                     /* NULL: no more */
const bm_env_type *bm_env_find(const char *id);                                     /* NULL: unknown */
bm_status bm_env_lookup(const char *id, const bm_env_type **type, bm_error *error); /* with a suggestion */

#define BM_ENV_CONFIG(batch, type) ((const type *)(batch)->config)

#endif
