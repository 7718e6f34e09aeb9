/* Search spaces: what their parameters may be, and the way between values and numbers in [0, 1]. */
#include "tune/search_space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A real number as options read and write it: 100_000 may be read, and the shortest text that reads back is written. */
static const bm_option real = {.type = BM_REAL, .min = -HUGE_VAL, .max = HUGE_VAL};

int bm_search_space_find(const bm_search_space *space, const char *name) {
    for (int i = 0; i < space->count; i++) {
        if (strcmp(space->parameter[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

void bm_search_space_free(bm_search_space *space) {
    bm_arena_free(&space->arena);
    *space = (bm_search_space){0};
}

bool bm_parameter_exists(const bm_search_space *space, int i, const double *value) {
    const bm_parameter *parameter = &space->parameter[i];
    if (parameter->parent < 0) {
        return true;
    }
    const double choice = value[parameter->parent];
    return !isnan(choice) && (parameter->when >> (int)choice & 1) &&
           bm_parameter_exists(space, parameter->parent, value);
}

/* ---- one more parameter ---- */

/* The same condition, on a parent that now is another: by the names of the choices. */
static uint64_t translated(const bm_parameter *before, const bm_parameter *after, uint64_t when) {
    uint64_t translation = 0;
    for (int i = 0; i < before->choices; i++) {
        for (int j = 0; j < after->choices && when >> i & 1; j++) {
            if (strcmp(before->choice[i], after->choice[j]) == 0) {
                translation |= (uint64_t)1 << j;
            }
        }
    }
    return translation;
}

/* Takes out parameters that can never exist, and what depends on them. */
static void drop_impossible(bm_search_space *space) {
    int now[BM_PARAMETERS], kept = 0; /* now: the index of the parameter that had index i; -1: gone */
    for (int i = 0; i < space->count; i++) {
        bm_parameter parameter = space->parameter[i];
        const bool conditional = parameter.parent >= 0;
        if (conditional && (!parameter.when || now[parameter.parent] < 0)) {
            now[i] = -1;
            continue;
        }
        parameter.parent = conditional ? now[parameter.parent] : -1;
        now[i] = kept;
        space->parameter[kept++] = parameter;
    }
    space->count = kept;
}

static bm_status replace(bm_search_space *space, int at, const bm_parameter *parameter, bm_error *error) {
    const bm_parameter before = space->parameter[at];
    if (parameter->parent >= at) {
        return bm_invalid(error, "%s: its condition needs a parameter named before it, and %s comes after it",
                          parameter->name, space->parameter[parameter->parent].name);
    }
    for (int i = at + 1; i < space->count; i++) {
        if (space->parameter[i].parent == at && parameter->kind != BM_PARAMETER_CATEGORICAL) {
            return bm_invalid(error, "%s decides whether %s exists: it needs choices, {one,two,...}", parameter->name,
                              space->parameter[i].name);
        }
    }
    for (int i = at + 1; i < space->count; i++) {
        if (space->parameter[i].parent == at) {
            space->parameter[i].when = translated(&before, parameter, space->parameter[i].when);
        }
    }
    space->parameter[at] = *parameter;
    drop_impossible(space);
    return BM_OK;
}

bm_status bm_search_space_put(bm_search_space *space, const bm_parameter *parameter, bm_error *error) {
    const int at = bm_search_space_find(space, parameter->name);
    if (at >= 0) {
        return replace(space, at, parameter, error);
    }
    if (space->count == BM_PARAMETERS) {
        return bm_invalid(error, "%s: a space holds up to %d parameters", parameter->name, BM_PARAMETERS);
    }
    space->parameter[space->count++] = *parameter;
    return BM_OK;
}

/* ---- values as text ---- */

void bm_parameter_format(const bm_parameter *parameter, double value, char *text, size_t bytes) {
    if (parameter->kind == BM_PARAMETER_CATEGORICAL) {
        snprintf(text, bytes, "%s", parameter->choice[(int)value]);
    } else if (parameter->kind == BM_PARAMETER_INT) {
        snprintf(text, bytes, "%.0f", value);
    } else {
        bm_option_format(&real, &value, text, bytes);
    }
}

static bool read_real(const char *text, double *value) {
    return bm_option_parse(&real, "", text, value, NULL) == BM_OK;
}

/* A choice by its text, or, so that 1e-4 finds 0.0001, by its number. */
static bool find_choice(const bm_parameter *parameter, const char *text, double *value) {
    for (int i = 0; i < parameter->choices; i++) {
        if (strcmp(parameter->choice[i], text) == 0) {
            *value = i;
            return true;
        }
    }
    double wanted, number;
    for (int i = 0; i < parameter->choices && read_real(text, &wanted); i++) {
        if (read_real(parameter->choice[i], &number) && number == wanted) {
            *value = i;
            return true;
        }
    }
    return false;
}

bool bm_parameter_parse(const bm_parameter *parameter, const char *text, double *value) {
    if (parameter->kind == BM_PARAMETER_CATEGORICAL) {
        return find_choice(parameter, text, value);
    }
    double number;
    if (!read_real(text, &number) || number < parameter->low || number > parameter->high) {
        return false;
    }
    if (parameter->step > 0) {
        static const double slack = 1e-8; /* of a step, for 0.1 + 0.1 + 0.1 */
        const double steps = (number - parameter->low) / parameter->step;
        if (fabs(steps - floor(steps + 0.5)) > slack) {
            return false;
        }
    }
    *value = number;
    return true;
}

/* ---- values as numbers in [0, 1] ---- */

int64_t bm_parameter_values(const bm_parameter *parameter) {
    if (!(parameter->step > 0)) {
        return 0;
    }
    return (int64_t)floor((parameter->high - parameter->low) / parameter->step + 0.5) + 1;
}

/* Where the range lies, in the logarithm if that is how it is sampled; integers reach half a step beyond their ends. */
static void range_of(const bm_parameter *parameter, double *low, double *high) {
    const double beyond = parameter->kind == BM_PARAMETER_INT ? 0.5 * parameter->step : 0;
    *low = parameter->log ? log(parameter->low - beyond) : parameter->low;
    *high = parameter->log ? log(parameter->high + beyond) : parameter->high;
}

/* The shortest number near what low + k step came to, 0.3 and not 0.30000000000000004: as a person writes it down. */
static double tidy(double number) {
    char text[32];
    snprintf(text, sizeof text, "%.15g", number);
    return strtod(text, NULL);
}

static double clamp(double x, double low, double high) {
    return fmin(fmax(x, low), high);
}

double bm_parameter_from_unit(const bm_parameter *parameter, double unit) {
    if (parameter->step > 0 && !parameter->log) {
        const double values = (double)bm_parameter_values(parameter);
        const double k = clamp(floor(unit * values), 0, values - 1);
        const double value = parameter->low + k * parameter->step;
        return parameter->kind == BM_PARAMETER_FLOAT ? tidy(value) : value;
    }
    double low, high;
    range_of(parameter, &low, &high);
    const double x = low + unit * (high - low), value = parameter->log ? exp(x) : x;
    const double whole = parameter->kind == BM_PARAMETER_INT ? floor(value + 0.5) : value;
    return clamp(whole, parameter->low, parameter->high);
}

double bm_parameter_to_unit(const bm_parameter *parameter, double value) {
    if (parameter->step > 0 && !parameter->log) {
        const double values = (double)bm_parameter_values(parameter);
        const double k = clamp(floor((value - parameter->low) / parameter->step + 0.5), 0, values - 1);
        return (k + 0.5) / values;
    }
    double low, high;
    range_of(parameter, &low, &high);
    const double x = parameter->log ? log(value) : value;
    return high > low ? clamp((x - low) / (high - low), 0, 1) : 0.5;
}
