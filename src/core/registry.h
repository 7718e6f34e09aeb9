#ifndef BM_CORE_REGISTRY_H
#define BM_CORE_REGISTRY_H

/* Types by name. A registry is an array of pointers to structs, NULL at the end, whose first member is `const char *name`. */
#include "core/error.h"

const void *bm_registry_find(const void *const *types, const char *name); /* NULL: unknown; '-' stands for '_' */
/* *type becomes the one of that name. BM_INVALID: "unknown WHAT NAME", with the nearest name, or where `bellman list LIST` shows them. */
bm_status bm_registry_lookup(const void *const *types, const char *what, const char *list, const char *name,
                             const void **type, bm_error *error);

#endif
