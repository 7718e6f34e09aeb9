#include "watch/race.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const bm_surface_view bm_race_view = {.turn = 0.6, .tilt = 1.0};

enum { GRID = 181, CURVE = 1001, LEVELS = 16 };

/* ---- creation --------------------------------------------------------------------------------------------------- */

static int shown_dims(const bm_race *race) {
    return race->dims <= 2 ? race->dims : 0;
}

static void allocate(bm_race *race, bm_racer *racer) {
    const size_t points = BM_RACE_POINTS;
    racer->step = BM_NEW(&race->arena, double, points);
    racer->value = BM_NEW(&race->arena, double, points);
    racer->point = BM_NEW(&race->arena, double, points *(size_t)shown_dims(race));
    racer->rate = BM_NEW(&race->arena, double, points *(size_t)race->rates);
}

bm_status bm_race_create(bm_race *race, const double *start, bm_error *error) {
    race->dims = race->objective->dims;
    race->rates = !race->keeps_rates ? 0 : race->dims < BM_RACE_RATES ? race->dims : BM_RACE_RATES;
    race->start = BM_NEW(&race->arena, double, race->dims);
    for (int i = 0; i < race->racers; i++) {
        allocate(race, &race->racer[i]);
    }
    bm_status status = bm_arena_check(&race->arena, "the paths", error);
    return status == BM_OK ? bm_race_restart(race, start, error) : status;
}

void bm_race_free(bm_race *race) {
    for (int i = 0; i < race->racers; i++) {
        bm_descent_destroy(race->racer[i].descent);
        race->racer[i].descent = NULL;
    }
    bm_arena_free(&race->arena);
    bm_arena_free(&race->window_arena);
}

/* ---- the way ---------------------------------------------------------------------------------------------------- */

static bool is_kept(const bm_racer *racer, int at) {
    return fmod(racer->step[at], (double)racer->stride) == 0;
}

static void move_point(const bm_race *race, bm_racer *racer, int to, int from) {
    const size_t dims = (size_t)shown_dims(race), rates = (size_t)race->rates;
    racer->step[to] = racer->step[from];
    racer->value[to] = racer->value[from];
    memmove(racer->point + (size_t)to * dims, racer->point + (size_t)from * dims, dims * sizeof(double));
    memmove(racer->rate + (size_t)to * rates, racer->rate + (size_t)from * rates, rates * sizeof(double));
}

static void thin_out(const bm_race *race, bm_racer *racer) {
    int kept = 0;
    racer->stride *= 2;
    for (int i = 0; i < racer->count; i++) {
        if (is_kept(racer, i)) {
            move_point(race, racer, kept++, i);
        }
    }
    racer->count = kept;
}

/* The last point of the way is where the racer is; it makes room for the next unless it is one of those that stay. */
static void record(const bm_race *race, bm_racer *racer) {
    const bm_descent *descent = racer->descent;
    if (racer->count > 0 && !is_kept(racer, racer->count - 1)) {
        racer->count--;
    }
    if (racer->count == BM_RACE_POINTS) {
        thin_out(race, racer);
    }
    const size_t at = (size_t)racer->count++, dims = (size_t)shown_dims(race);
    racer->step[at] = (double)descent->t;
    racer->value[at] = descent->value;
    memcpy(racer->point + at * dims, descent->x, dims * sizeof(double));
    for (int i = 0; i < race->rates; i++) {
        racer->rate[at * (size_t)race->rates + (size_t)i] = bm_descent_rate(descent, i);
    }
    racer->best_value = fmin(racer->best_value, descent->value);
    const bool known = isfinite(race->objective->minimum_value) && !race->objective->unbounded;
    if (racer->reached < 0 && known && descent->value - race->objective->minimum_value <= race->tolerance) {
        racer->reached = descent->t;
    }
}

static bm_status create_descent(const bm_race *race, const bm_racer *racer, const double *start, bm_descent **descent,
                                bm_error *error) {
    bm_descent_setup setup = race->base;
    setup.method = &racer->method;
    setup.objective = race->objective;
    setup.dims = race->dims;
    setup.start = start;
    return bm_descent_create(descent, &setup, error);
}

bm_status bm_race_restart(bm_race *race, const double *start, bm_error *error) {
    bm_descent *descent[BM_RACERS] = {NULL};
    bm_status status = BM_OK;
    for (int i = 0; i < race->racers && status == BM_OK; i++) {
        status = create_descent(race, &race->racer[i], start, &descent[i], error);
    }
    if (status != BM_OK) {
        for (int i = 0; i < race->racers; i++) {
            bm_descent_destroy(descent[i]);
        }
        return status;
    }
    memmove(race->start, start, (size_t)race->dims * sizeof *start);
    for (int i = 0; i < race->racers; i++) {
        bm_racer *racer = &race->racer[i];
        bm_descent_destroy(racer->descent);
        racer->descent = descent[i];
        racer->over = false;
        racer->best_value = INFINITY;
        racer->reached = -1;
        racer->stride = 1;
        racer->count = 0;
        record(race, racer);
    }
    return BM_OK;
}

bool bm_race_step(bm_race *race, int racer) {
    bm_racer *r = &race->racer[racer];
    if (!r->over) {
        r->over = bm_descent_step(r->descent, &r->failure) != BM_OK;
    }
    if (!r->over) {
        record(race, r);
    }
    return !r->over;
}

double bm_race_distance(const bm_race *race, int racer) {
    const bm_objective *objective = race->objective;
    double nearest = NAN;
    for (int m = 0; m < objective->minima; m++) {
        double distance = 0;
        for (int i = 0; i < race->dims; i++) {
            const double off = race->racer[racer].descent->x[i] - objective->minimum[m * race->dims + i];
            distance = hypot(distance, off);
        }
        nearest = fmin(nearest, distance); /* fmin prefers a number to NAN */
    }
    return nearest;
}

/* ---- the picture ------------------------------------------------------------------------------------------------ */

bm_status bm_race_survey(bm_race *race, bm_error *error) {
    bm_arena_free(&race->window_arena);
    race->seen = false;
    if (race->dims > 2) {
        return BM_OK;
    }
    const int columns = race->dims == 2 ? GRID : CURVE, rows = race->dims == 2 ? GRID : 1;
    double *value = BM_NEW(&race->window_arena, double, columns *rows);
    bm_status status = bm_arena_check(&race->window_arena, "the picture", error);
    if (status != BM_OK) {
        return status;
    }
    for (int i = 0; i < columns * rows; i++) {
        const double x[2] = {
            race->low[0] + (race->high[0] - race->low[0]) * (i % columns) / (columns - 1),
            rows > 1 ? race->low[1] + (race->high[1] - race->low[1]) * (i / columns) / (rows - 1) : 0,
        };
        value[i] = bm_objective_value(race->objective, x);
    }
    race->field = (bm_field){
        .columns = columns,
        .rows = rows,
        .low = {race->low[0], race->low[1]},
        .high = {race->high[0], race->high[1]},
        .value = value,
    };
    race->seen = bm_field_rank(&race->field, &race->window_arena);
    if (race->seen && race->dims == 2) {
        bm_contour_trace(&race->contour, &race->field, LEVELS, &race->window_arena);
    }
    return bm_arena_check(&race->window_arena, "the picture", error);
}

void bm_race_landscape(bm_race *race, bm_landscape *landscape) {
    const bm_objective *objective = race->objective;
    for (int i = 0; i < race->racers; i++) {
        const bm_racer *racer = &race->racer[i];
        race->note[i][0] = '\0';
        if (racer->over) {
            snprintf(race->note[i], sizeof race->note[i], "diverged at step %lld", (long long)racer->descent->t + 1);
        }
        race->path[i] = (bm_landscape_path){
            .name = racer->label,
            .note = racer->over ? race->note[i] : NULL,
            .color = racer->color,
            .count = racer->count,
            .point = racer->point,
            .step = racer->step,
            .value = racer->value,
            .diverged = racer->over,
        };
    }
    landscape->formula = objective->type->formula;
    landscape->dims = race->dims;
    landscape->variables = objective->variables;
    landscape->field = &race->field;
    landscape->contour = race->seen && race->dims == 2 ? &race->contour : NULL;
    landscape->paths = race->path;
    landscape->path_count = race->racers;
    landscape->steps = race->base.total_steps > 0 ? (double)race->base.total_steps : NAN;
    landscape->start = race->start;
    landscape->minimum = objective->minimum;
    landscape->minima = objective->minima;
    landscape->minimum_value = isfinite(objective->minimum_value) ? objective->minimum_value : NAN;
}
