#ifndef BM_META_TASK_RANGE_H
#define BM_META_TASK_RANGE_H

/* Ranges of options as a distribution over tasks, given as text:
 *
 *     goal_x=-0.5:0.5, length=5:9, map={empty,four_rooms}
 *
 * LOW:HIGH is uniform over the numbers between the two or, of an option that takes whole numbers, over those from LOW
 * to HIGH; {A,B,...} is one of these values, each as likely. */
#include "core/arena.h"
#include "core/option.h"
#include "core/real.h"
#include "core/rng.h"

enum { BM_TASK_PARAMETERS = 16, BM_TASK_VALUES = 32 };

/* One option that differs between tasks. */
typedef struct {
    const char *key;
    size_t offset;    /* of the option in its config struct */
    bool whole;       /* whole numbers are drawn */
    double low, high; /* from low to high: numbers or, where there are values, which of them */
    int values;
    const char *value[BM_TASK_VALUES];
} bm_task_parameter;

typedef struct {
    const bm_options *options;
    int count;
    bm_task_parameter parameter[BM_TASK_PARAMETERS];
} bm_task_range;

/* base: the config that tasks are variations of. Texts are copied to the arena. BM_INVALID, with a sentence that begins
 * with "task_range: ", for a key that is no option, a range of what is no number, a value that the option refuses. */
bm_status bm_task_range_parse(bm_task_range *range, const bm_options *options, const void *base, const char *text,
                              bm_arena *arena, bm_error *error);
/* Sets fixed options: "KEY=VALUE, KEY=VALUE". Sentences begin with "env_set: ". */
bm_status bm_task_settings(const bm_options *options, const char *text, void *config, bm_arena *arena, bm_error *error);

/* Numbers that say which task it is: one for a range, one for every value of {A,B,...}. */
int bm_task_range_numbers(const bm_task_range *range);
/* Draws a task: config starts as the base; numbers [bm_task_range_numbers] (NULL: not wanted), of {A,B,...} a 1 for the
 * value drawn. */
void bm_task_range_draw(const bm_task_range *range, bm_rng *rng, void *config, bm_real *numbers);
/* Tasks at the edge: every combination of ends of ranges and of values, corner = 0, 1, ...; false: no more. */
bool bm_task_range_corner(const bm_task_range *range, int corner, void *config);
/* Where there are too many corners: every end of a range and every value once, edge = 0, 1, ..., with the other options
 * at their first. */
bool bm_task_range_edge(const bm_task_range *range, int edge, void *config);

#endif
