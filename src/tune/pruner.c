/* The registry of pruners. */
#include "tune/pruner.h"

#define PRUNER(name) extern const bm_pruner_type bm_pruner_##name;
#include "tune/pruner_list.h"
#undef PRUNER

const bm_pruner_type *const bm_pruner_types[] = {
#define PRUNER(name) &bm_pruner_##name,
#include "tune/pruner_list.h"
#undef PRUNER
    NULL,
};

const bm_variant_kind bm_pruner_kinds[] = {
#define PRUNER(name) {#name, &bm_pruner_##name.options},
#include "tune/pruner_list.h"
#undef PRUNER
    {NULL, NULL},
};

bool bm_prune(const bm_variant *choice, const bm_trials *trials, const bm_trial *trial) {
    return trial->reports > 0 && bm_pruner_types[choice->kind]->prune(choice->config, trials, trial);
}
