/* Meta-learners on sinusoids: ANIL, Meta-SGD and MAML against central differences of the loss after adaptation,
 * Reptile's tasks one after another, and what ANIL leaves alone. MAML's and Reptile's own numbers are in
 * tests/golden/maml. */
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "meta/learner.h"

enum { BATCH = 3, HIDDEN = 6, CONFIG_BYTES = 256 };

typedef struct {
    family from;
    bm_pool *pool;
    _Alignas(16) unsigned char config[CONFIG_BYTES];
    bm_learner *learner;
    bm_real *outer, *grad; /* [learner->parameters] */
} fixture;

/* settings: pairs of key and value, NULL at the end. The outer parameters are drawn from the same seed every time. */
static fixture *begin(const char *name, const char *const *settings, int batch) {
    fixture *f = calloc(1, sizeof *f);
    const bm_learner_type *type;
    bm_error error;
    ck_assert_ptr_nonnull(f);
    f->from = family_make("sinusoid", "shots=10", HIDDEN);
    ck_assert_int_eq(bm_learner_lookup(name, &type, &error), BM_OK);
    ck_assert_uint_le(type->options.config_bytes, CONFIG_BYTES);
    bm_options_defaults(&type->options, f->config);
    for (; *settings; settings += 2) {
        ck_assert_int_eq(bm_options_set(&type->options, f->config, settings[0], settings[1], &error), BM_OK);
    }
    ck_assert_int_eq(bm_pool_create(&f->pool, 1, &error), BM_OK);
    ck_assert_int_eq(bm_learner_create(&f->learner, type, f->config, f->from.tasks, batch, f->pool, &error), BM_OK);
    f->outer = reals(f->learner->parameters);
    f->grad = reals(f->learner->parameters);
    bm_rng rng = bm_rng_seeded(3);
    ck_assert_int_eq(bm_learner_init(f->learner, BM_INIT_TORCH, f->outer, &rng, &error), BM_OK);
    return f;
}

static void end(fixture *f) {
    bm_learner_destroy(f->learner);
    bm_pool_destroy(f->pool);
    family_free(&f->from);
    free(f->outer);
    free(f->grad);
    free(f);
}

/* The loss after adaptation, and its gradient in f->grad, of tasks that are the same every time. */
static double gradient(fixture *f) {
    const bm_seed seed = bm_seed_of(1);
    const bm_learner_result result = bm_learner_gradient(f->learner, &seed, 0.1, f->outer, f->grad);
    ck_assert_int_eq(result.failed_task, -1);
    return result.loss;
}

/* Where task i of such a batch leads from params: in the room, behind all inner steps. */
static const bm_real *adapt(fixture *f, uint32_t task, const bm_real *params) {
    const bm_seed seed = bm_seed_of(1), child = bm_seed_child(&seed, task);
    bm_learner_room *room = &f->learner->room[0];
    const size_t n = f->from.tasks->parameters;
    f->from.tasks->type->methods->begin(&room->task, &child);
    memcpy(room->params, params, n * sizeof *params);
    ck_assert_int_eq(bm_learner_adapt(f->learner, room, params), -1);
    return room->params + (size_t)f->learner->inner_steps * n;
}

/* By hand: p_1 = theta + e (phi_1(theta) - theta), p_2 = theta + e (phi_2(p_1) - theta). */
START_TEST(serial_reptile_starts_a_task_where_the_one_before_led) {
    const char *const settings[] = {"inner_lr", "0.01", "inner_steps", "5", "serial", "true", NULL};
    fixture *f = begin("reptile", settings, 2);
    const size_t n = f->learner->parameters;
    bm_real *p = reals(n);
    gradient(f);
    const bm_real *phi = adapt(f, 0, f->outer);
    for (size_t i = 0; i < n; i++) {
        p[i] = f->outer[i] + (bm_real)0.1 * (phi[i] - f->outer[i]);
    }
    phi = adapt(f, 1, p);
    for (size_t i = 0; i < n; i++) {
        assert_near((double)f->grad[i], (double)(f->outer[i] - phi[i]), sizeof(bm_real) == 4 ? 1e-6 : 1e-14, "serial");
    }
    free(p);
    end(f);
}
END_TEST

#ifdef BM_DOUBLE

/* d loss / d outer, parameter by parameter. */
static void check_derivative(const char *name, const char *inner_steps) {
    const char *const settings[] = {"inner_lr", "0.02", "inner_steps", inner_steps, NULL};
    const double h = 2e-6;
    fixture *f = begin(name, settings, BATCH);
    const size_t n = f->learner->parameters;
    bm_real *here = reals(n);
    gradient(f);
    memcpy(here, f->grad, n * sizeof *here);
    for (size_t i = 0; i < n; i++) {
        const double x = f->outer[i];
        f->outer[i] = x + h;
        const double above = gradient(f);
        f->outer[i] = x - h;
        const double below = gradient(f);
        f->outer[i] = x;
        assert_near(here[i], (above - below) / (2 * h), 1e-7, name);
    }
    free(here);
    end(f);
}

START_TEST(meta_gradients_are_the_derivative_of_the_loss_after_adaptation) {
    static const char *const names[] = {"anil", "metasgd", "maml"}, *const steps[] = {"0", "1", "3"};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            check_derivative(names[i], steps[k]);
        }
    }
}
END_TEST

#endif

START_TEST(anil_moves_the_last_layer_alone) {
    const char *const settings[] = {"inner_lr", "0.01", "inner_steps", "1", NULL};
    fixture *f = begin("anil", settings, 1);
    const size_t n = f->from.tasks->parameters, head = f->from.tasks->head;
    const bm_real *adapted = adapt(f, 0, f->outer), *grad = f->learner->room[0].grad;
    ck_assert_uint_gt(head, 0);
    ck_assert_int_eq(memcmp(adapted, f->outer, head * sizeof *adapted), 0);
    for (size_t i = head; i < n; i++) {
        ck_assert(grad[i] != 0);
        assert_near((double)adapted[i], (double)f->outer[i] - 0.01 * (double)grad[i],
                    sizeof(bm_real) == 4 ? 1e-6 : 1e-14, "head");
    }
    end(f);
}
END_TEST

#ifdef BM_DOUBLE
TEST_MAIN("maml_double", 120, serial_reptile_starts_a_task_where_the_one_before_led,
          meta_gradients_are_the_derivative_of_the_loss_after_adaptation, anil_moves_the_last_layer_alone)
#else
TEST_MAIN("maml", 120, serial_reptile_starts_a_task_where_the_one_before_led, anil_moves_the_last_layer_alone)
#endif
