#include "optim/method.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/suggest.h"

enum { METHODS_MOST = 64 };

static const bm_option lr_row = {
    .name = "lr", .type = BM_SCHEDULE, .initial = "1", .min = 5e-324, .max = 1e300, .help = "learning rate"};

static bm_status unknown(const char *name, bm_error *error) {
    const char *names[METHODS_MOST];
    size_t count = 0;
    for (int i = 0; bm_optim_types[i] && count < METHODS_MOST; i++) {
        names[count++] = bm_optim_types[i]->name;
    }
    for (int i = 0; bm_solver_types[i] && count < METHODS_MOST; i++) {
        names[count++] = bm_solver_types[i]->name;
    }
    return bm_invalid(error, "unknown optimizer %.64s%s", name,
                      bm_did_you_mean(name, names, count, " (bellman list optimizers shows them)").text);
}

bm_status bm_method_find(bm_method *method, const char *name, bm_error *error) {
    *method = (bm_method){0};
    for (int i = 0; bm_optim_types[i]; i++) {
        if (strcmp(bm_optim_types[i]->name, name) == 0) {
            method->optim = bm_optim_types[i];
            method->choice.kind = i;
            method->lr.initial = method->optim->default_lr;
        }
    }
    for (int i = 0; bm_solver_types[i]; i++) {
        if (strcmp(bm_solver_types[i]->name, name) == 0) {
            method->solver = bm_solver_types[i];
            method->choice.kind = i;
            method->lr.initial = method->solver->default_lr;
        }
    }
    if (!method->optim && !method->solver) {
        return unknown(name, error);
    }
    bm_options_defaults(bm_method_options(method), method->choice.config);
    return BM_OK;
}

static bm_status set_lr(bm_method *method, const char *value, bm_error *error) {
    bm_schedule lr;
    bm_error ignored;
    if (bm_option_parse(&lr_row, "lr", value, &lr, &ignored) != BM_OK) {
        return bm_invalid(error, "%s's learning rate %.64s is not a number above 0 (or lin_X, which falls from X to 0)",
                          bm_method_name(method), value);
    }
    method->lr = lr;
    return BM_OK;
}

bm_status bm_method_set(bm_method *method, const char *key, const char *value, bm_error *error) {
    if (strcmp(key, "lr") == 0 || strcmp(key, "learning_rate") == 0) {
        return set_lr(method, value, error);
    }
    bm_error why;
    const bm_status status = bm_options_set(bm_method_options(method), method->choice.config, key, value, &why);
    return status == BM_OK ? BM_OK : bm_invalid(error, "%s: %s", bm_method_name(method), why.text);
}

const char *bm_method_name(const bm_method *method) {
    return method->optim ? method->optim->name : method->solver->name;
}

const bm_options *bm_method_options(const bm_method *method) {
    return method->optim ? &method->optim->options : &method->solver->options;
}
