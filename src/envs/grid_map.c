/* Grid maps: the built-in ones, and the parser. */
#include "envs/grid_map.h"

#include <stdbool.h>
#include <string.h>

#include "core/io.h"
#include "core/suggest.h"

enum { BUILT_IN = 6, FILE_BYTES_MAX = 1 << 16 };

const char *const bm_grid_map_names[BUILT_IN + 1] = {"lake", "open", "cliff", "rooms", "maze", "treasure", NULL};

static const char *const built_in_text[BUILT_IN] = {
    /* Gymnasium's FrozenLake 4x4 */
    "S...\n"
    ".O.O\n"
    "...O\n"
    "O..G\n",

    "S.......\n"
    "........\n"
    "........\n"
    "...S....\n"
    "........\n"
    "........\n"
    "........\n"
    ".......G\n",

    /* the short way runs along the edge */
    "......\n"
    "......\n"
    "......\n"
    "SOOOOG\n",

    /* the four rooms of Sutton, Precup and Singh 1999, without their outer wall */
    "S....#....S\n"
    ".....#.....\n"
    "...........\n"
    ".....#.....\n"
    ".....#.....\n"
    "#.####.....\n"
    ".....###.##\n"
    ".....#.....\n"
    ".....#..G..\n"
    "...........\n"
    "S....#.....\n",

    "S.#....\n"
    "#.#.##.\n"
    "..#.#..\n"
    ".##.#.#\n"
    ".S..#S.\n"
    ".##.##.\n"
    ".....#G\n",

    /* a small goal near, a large one far */
    "3..#..\n"
    "..S...\n"
    "...#.O\n"
    "......\n"
    "O....G\n",
};

static bool is_break(char c) {
    return c == '\n' || c == '\r';
}

/* The map's own character for one that may stand in a file; 0: none. */
static uint8_t cell_of(char c) {
    switch (c) {
    case 'S':
    case 'G':
    case 'O':
    case '#':
    case '.':
        return (uint8_t)c;
    case 'H':
        return 'O';
    case 'F':
        return '.';
    default:
        return c >= '1' && c <= '9' ? (uint8_t)c : 0;
    }
}

static bm_status unknown_cell(const char *name, int line, char c, bm_error *error) {
    const unsigned code = (unsigned char)c;
    static const char legend[] = "a map has S start, G or 1-9 goal, O pit, # wall, . free";
    if (code > 32 && code < 127) {
        return bm_invalid(error, "map %s, line %d: unknown character '%c'; %s", name, line, c, legend);
    }
    return bm_invalid(error, "map %s, line %d: unknown character (code %u); %s", name, line, code, legend);
}

/* One row, text [width]. */
static bm_status add_row(bm_grid_map *map, const char *name, const char *text, size_t width, bm_error *error) {
    const int line = map->height + 1;
    if (width > BM_GRID_SIDE || line > BM_GRID_SIDE) {
        return bm_invalid(error, "map %s, line %d: larger than %d x %d cells", name, line, BM_GRID_SIDE, BM_GRID_SIDE);
    }
    if (width == 0) {
        return bm_invalid(error, "map %s, line %d: an empty row", name, line);
    }
    if (line > 1 && (int)width != map->width) {
        return bm_invalid(error, "map %s, line %d: %zu cells, but %d in the rows above", name, line, width, map->width);
    }
    map->width = (int)width;
    for (size_t column = 0; column < width; column++) {
        const int at = map->height * map->width + (int)column;
        map->cell[at] = cell_of(text[column]);
        if (!map->cell[at]) {
            return unknown_cell(name, line, text[column], error);
        }
        if (map->cell[at] == 'S') {
            map->start[map->start_count++] = at;
        }
    }
    map->height++;
    return BM_OK;
}

/* Empty lines may only come last. */
bm_status bm_grid_map_parse(bm_grid_map *map, const char *name, const char *text, size_t bytes, bm_arena *arena,
                            bm_error *error) {
    while (bytes > 0 && is_break(text[bytes - 1])) {
        bytes--;
    }
    if (bytes == 0) {
        return bm_invalid(error, "map %s is empty", name);
    }
    *map = (bm_grid_map){.cell = BM_NEW(arena, uint8_t, bytes), .start = BM_NEW(arena, int32_t, bytes)};
    bm_status status = bm_arena_check(arena, "a map", error);
    for (size_t at = 0, end; at < bytes && status == BM_OK; at = end + 1) {
        for (end = at; end < bytes && text[end] != '\n'; end++) {
        }
        status = add_row(map, name, text + at, end - at - (end > at && text[end - 1] == '\r'), error);
    }
    bool goal = false;
    for (int i = 0; i < map->width * map->height; i++) {
        goal |= map->cell[i] == 'G' || (map->cell[i] >= '1' && map->cell[i] <= '9');
    }
    if (status == BM_OK && (map->start_count == 0 || !goal)) {
        return bm_invalid(error, "map %s: no %s in lines 1 to %d", name,
                          map->start_count == 0 ? "start (S)" : "goal (G or 1-9)", map->height);
    }
    return status;
}

bm_status bm_grid_map_load(bm_grid_map *map, const char *name, bm_arena *arena, bm_error *error) {
    for (int i = 0; i < BUILT_IN; i++) {
        if (strcmp(name, bm_grid_map_names[i]) == 0) {
            return bm_grid_map_parse(map, name, built_in_text[i], strlen(built_in_text[i]), arena, error);
        }
    }
    if (!bm_path_exists(name)) {
        return bm_invalid(error, "map '%s' is neither a file nor one of " BM_GRID_MAP_NAMES "%s", name,
                          bm_did_you_mean(name, bm_grid_map_names, BUILT_IN, "").text);
    }
    char *text;
    size_t bytes;
    const bm_status status = bm_read_file(name, FILE_BYTES_MAX, arena, &text, &bytes, error);
    return status == BM_OK ? bm_grid_map_parse(map, name, text, bytes, arena, error) : status;
}
