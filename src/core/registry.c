/* Types by name; see registry.h. */
#include "core/registry.h"

#include <stdio.h>
#include <string.h>

#include "core/suggest.h"

enum { MOST_TYPES = 256 };

static const char *name_of(const void *type) {
    return *(const char *const *)type; /* a struct begins with its first member */
}

const void *bm_registry_find(const void *const *types, const char *name) {
    while (*types && !bm_same_name(name_of(*types), name, strlen(name))) {
        types++;
    }
    return *types;
}

bm_status bm_registry_lookup(const void *const *types, const char *what, const char *list, const char *name,
                             const void **type, bm_error *error) {
    const char *names[MOST_TYPES];
    char otherwise[64];
    size_t count = 0;
    *type = bm_registry_find(types, name);
    if (*type) {
        return BM_OK;
    }
    for (; types[count] && count < MOST_TYPES; count++) {
        names[count] = name_of(types[count]);
    }
    snprintf(otherwise, sizeof otherwise, " (see bellman list %s)", list);
    return bm_invalid(error, "unknown %s %.64s%s", what, name, bm_did_you_mean(name, names, count, otherwise).text);
}
