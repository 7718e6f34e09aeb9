/* The registry of optimizers and an optimizer bound to one flat buffer. */
#include "optim/optim.h"

#include <math.h>
#include <string.h>

#define OPTIM(name) extern const bm_optim_type bm_optim_##name;
#include "optim/optim_list.h"
#undef OPTIM

const bm_optim_type *const bm_optim_types[] = {
#define OPTIM(name) &bm_optim_##name,
#include "optim/optim_list.h"
#undef OPTIM
    NULL,
};

const bm_variant_kind bm_optim_kinds[] = {
#define OPTIM(name) {#name, &bm_optim_##name.options},
#include "optim/optim_list.h"
#undef OPTIM
    {NULL, NULL},
};

/* ---- creation --------------------------------------------------------------------------------------------------- */

bm_status bm_optim_create(bm_optim *optim, const bm_variant *choice, bm_dtype dtype, size_t n, bm_arena *arena,
                          bm_error *error) {
    const bm_optim_type *type = bm_optim_types[choice->kind];
    *optim = (bm_optim){.type = type, .config = choice->config, .dtype = dtype, .n = n, .momentum = NAN};
    for (size_t i = 0; type->slots[i].name; i++) {
        if (!type->slots[i].used || type->slots[i].used(optim->config)) {
            optim->slot[i] = bm_arena_alloc(arena, n, bm_dtype_bytes(dtype));
        }
    }
    return type->check ? type->check(optim->config, error) : BM_OK;
}

static void fill(const bm_optim *optim, void *slot, double value) {
    float *as_float = slot;
    double *as_double = slot;
    for (size_t i = 0; i < optim->n; i++) {
        if (optim->dtype == BM_F32) {
            as_float[i] = (float)value;
        } else {
            as_double[i] = value;
        }
    }
}

static void start_slots(const bm_optim *optim, double lr) {
    for (size_t i = 0; optim->type->slots[i].name; i++) {
        const bm_optim_slot *slot = &optim->type->slots[i];
        if (slot->initial && optim->slot[i]) {
            fill(optim, optim->slot[i], slot->initial(optim->config, lr));
        }
    }
}

/* ---- a step ----------------------------------------------------------------------------------------------------- */

/* Parts begin at multiples of so many bytes, so that no two threads write to one cache line. */
enum { PART_BYTES = 4096 };

typedef struct {
    const bm_optim *optim;
    void *param;
    const void *grad;
    size_t part; /* elements of each, but the last */
} pass;

static void *element(const void *array, size_t i, bm_dtype dtype) {
    return array ? (unsigned char *)(uintptr_t)array + i * bm_dtype_bytes(dtype) : NULL;
}

static void pass_part(void *context, int item) {
    const pass *p = context;
    const bm_optim *optim = p->optim;
    const size_t first = (size_t)item * p->part, left = optim->n - first, n = left < p->part ? left : p->part;
    void *param = element(p->param, first, optim->dtype);
    const void *grad = element(p->grad, first, optim->dtype);
    if (optim->dtype == BM_F32) {
        float *slot[BM_OPTIM_SLOTS];
        for (int i = 0; i < BM_OPTIM_SLOTS; i++) {
            slot[i] = element(optim->slot[i], first, BM_F32);
        }
        optim->type->pass_f32(optim->last_plan, n, param, grad, slot);
    } else {
        double *slot[BM_OPTIM_SLOTS];
        for (int i = 0; i < BM_OPTIM_SLOTS; i++) {
            slot[i] = element(optim->slot[i], first, BM_F64);
        }
        optim->type->pass_f64(optim->last_plan, n, param, grad, slot);
    }
}

/* The config, or a copy in which the momentum is another. */
static const void *config_now(const bm_optim *optim, bm_variant *copy) {
    const bm_options *options = &optim->type->options;
    if (isnan(optim->momentum) || !optim->type->momentum) {
        return optim->config;
    }
    memcpy(copy->config, optim->config, options->config_bytes);
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->rows[i].name, optim->type->momentum) == 0) {
            memcpy(copy->config + options->rows[i].offset, &optim->momentum, sizeof optim->momentum);
        }
    }
    return copy->config;
}

void bm_optim_step(bm_optim *optim, double lr, double grad_scale, void *param, const void *grad) {
    if (optim->t == 0) {
        start_slots(optim, lr);
    }
    bm_variant copy;
    const bm_optim_moment now = {++optim->t, lr, grad_scale, &optim->memory};
    optim->lr = lr;
    optim->type->prepare(config_now(optim, &copy), &now, optim->last_plan);
    pass p = {.optim = optim, .param = param, .grad = grad, .part = optim->n};
    if (optim->n > 0 && optim->pool && bm_pool_threads(optim->pool) > 1) {
        const size_t whole = PART_BYTES / bm_dtype_bytes(optim->dtype);
        const size_t share =
            (optim->n + (size_t)bm_pool_threads(optim->pool) - 1) / (size_t)bm_pool_threads(optim->pool);
        p.part = (share + whole - 1) / whole * whole;
        bm_pool_run(optim->pool, (int)((optim->n + p.part - 1) / p.part), pass_part, &p);
    } else {
        pass_part(&p, 0);
    }
}

/* ---- what it remembers ------------------------------------------------------------------------------------------ */

void bm_optim_state(bm_optim *optim, bm_state *state) {
    bm_state_count(state, "t", &optim->t);
    if (optim->type->memory_name) {
        bm_state_scalar(state, optim->type->memory_name, BM_F64, &optim->memory);
    }
    for (size_t i = 0; optim->type->slots[i].name; i++) {
        if (optim->slot[i]) {
            bm_state_vector(state, optim->type->slots[i].name, optim->dtype, optim->slot[i], optim->n);
        }
    }
}

double bm_optim_rate(const bm_optim *optim, size_t i) {
    if (optim->t == 0) {
        return NAN;
    }
    double slot[BM_OPTIM_SLOTS] = {0};
    for (int s = 0; s < BM_OPTIM_SLOTS; s++) {
        if (optim->slot[s]) {
            slot[s] = optim->dtype == BM_F32 ? (double)((const float *)optim->slot[s])[i]
                                             : ((const double *)optim->slot[s])[i];
        }
    }
    return optim->type->rate ? optim->type->rate(optim->last_plan, slot) : optim->lr;
}
