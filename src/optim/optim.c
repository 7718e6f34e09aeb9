/* The registry of optimizers and an optimizer bound to one flat buffer. */
#include "optim/optim.h"

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

void bm_optim_create(bm_optim *optim, const bm_variant *choice, size_t n, bm_arena *arena) {
    *optim = (bm_optim){.type = bm_optim_types[choice->kind], .config = choice->config, .n = n};
    for (size_t i = 0; optim->type->slot_names[i]; i++) {
        optim->slot[i] = BM_NEW(arena, bm_real, n);
    }
}

void bm_optim_step(bm_optim *optim, double lr, double grad_scale, bm_real *param, const bm_real *grad) {
    const bm_optim_type *type = optim->type;
    optim->t++;
#ifdef BM_DOUBLE
    type->step_f64(optim->config, optim->t, lr, grad_scale, optim->n, param, grad, optim->slot);
#else
    type->step_f32(optim->config, optim->t, lr, grad_scale, optim->n, param, grad, optim->slot);
#endif
}

void bm_optim_state(bm_optim *optim, bm_state *state) {
    bm_state_scalar(state, "t", BM_I64, &optim->t);
    for (size_t i = 0; optim->type->slot_names[i]; i++) {
        bm_state_vector(state, optim->type->slot_names[i], BM_REAL_DTYPE, optim->slot[i], optim->n);
    }
}
