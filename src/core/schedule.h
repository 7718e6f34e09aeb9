#ifndef BM_CORE_SCHEDULE_H
#define BM_CORE_SCHEDULE_H

/* A hyperparameter that may change as training proceeds: "0.001" is constant, "lin_0.001" falls linearly from
 * 0.001 to 0 (RL Zoo's notation). */
#include <stdbool.h>

typedef struct {
    double initial;
    bool linear;
} bm_schedule;

/* remaining: share of the training still to come, 1 at the start, 0 at the end. */
static inline double bm_schedule_at(bm_schedule schedule, double remaining) {
    return schedule.linear ? schedule.initial * remaining : schedule.initial;
}

#endif
