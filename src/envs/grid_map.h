#ifndef BM_ENVS_GRID_MAP_H
#define BM_ENVS_GRID_MAP_H

/* Maps of grid worlds as text, one line a row, one character a cell:
 *
 *     S start (an episode begins at one of them, equally likely)      # wall
 *     G goal    1..9 a goal worth that many tenths of one             O pit (H too)      . free (F too)
 *
 * A map is rectangular, at most BM_GRID_SIDE cells a side, with a start and a goal. Cell (x, y) is number y * width +
 * x. */
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

enum { BM_GRID_SIDE = 100 };

typedef struct {
    int width, height;
    uint8_t *cell; /* [height, width]: 'S' 'G' '1'..'9' 'O' '#' '.' */
    int start_count;
    int32_t *start; /* [start_count] numbers of cells */
} bm_grid_map;

extern const char *const bm_grid_map_names[]; /* built in; NULL at the end */
#define BM_GRID_MAP_NAMES "lake, open, cliff, rooms, maze, treasure"

/* name: a built-in map, or the path of a text file. BM_INVALID says what is wrong in which line. */
bm_status bm_grid_map_load(bm_grid_map *map, const char *name, bm_arena *arena, bm_error *error);

/* The same from text; name goes into messages. */
bm_status bm_grid_map_parse(bm_grid_map *map, const char *name, const char *text, size_t bytes, bm_arena *arena,
                            bm_error *error);

#endif
