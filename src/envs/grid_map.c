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

/* Finds width and height, and that every row is as wide as the first. Empty lines may only come last. */
static bm_status measure(bm_grid_map *map, const char *name, const char *text, size_t bytes, bm_error *error) {
    int line = 0;
    map->width = map->height = 0;
    for (size_t at = 0; at < bytes;) {
        size_t end = at;
        while (end < bytes && text[end] != '\n') {
            end++;
        }
        const size_t next = end + 1;
        end -= end > at && text[end - 1] == '\r';
        const size_t width = end - at;
        line++;
        if (width > BM_GRID_SIDE || (width > 0 && map->height == BM_GRID_SIDE)) {
            return bm_invalid(error, "map %s, line %d: larger than %d x %d cells", name, line, BM_GRID_SIDE,
                              BM_GRID_SIDE);
        }
        at = next;
        if (width == 0) {
            while (at < bytes && is_break(text[at])) {
                at++;
            }
            if (at < bytes) {
                return bm_invalid(error, "map %s, line %d: an empty row", name, line);
            }
            break;
        }
        if (map->height > 0 && (int)width != map->width) {
            return bm_invalid(error, "map %s, line %d: %zu cells, but %d in the rows above", name, line, width,
                              map->width);
        }
        map->width = (int)width;
        map->height++;
    }
    if (map->height == 0) {
        return bm_invalid(error, "map %s is empty", name);
    }
    return BM_OK;
}

bm_status bm_grid_map_parse(bm_grid_map *map, const char *name, const char *text, size_t bytes, bm_arena *arena,
                            bm_error *error) {
    const bm_status measured = measure(map, name, text, bytes, error);
    if (measured != BM_OK) {
        return measured;
    }
    map->stride = map->width + 2;
    const size_t cells = (size_t)map->stride * (size_t)(map->height + 2);
    map->cell = BM_NEW(arena, uint8_t, cells);
    map->start = BM_NEW(arena, int32_t, map->width * map->height);
    map->start_count = 0;
    const bm_status memory = bm_arena_check(arena, "a map", error);
    if (memory != BM_OK) {
        return memory;
    }
    memset(map->cell, '#', cells);
    int goals = 0;
    const char *cursor = text;
    for (int row = 0; row < map->height; row++) {
        for (int column = 0; column < map->width; column++) {
            const int at = (row + 1) * map->stride + column + 1;
            const char written = *cursor++;
            const uint8_t cell = cell_of(written);
            if (!cell) {
                return unknown_cell(name, row + 1, written, error);
            }
            map->cell[at] = cell;
            goals += cell == 'G' || (cell >= '1' && cell <= '9');
            if (cell == 'S') {
                map->start[map->start_count++] = at;
            }
        }
        while (cursor < text + bytes && is_break(*cursor)) {
            cursor++;
        }
    }
    if (map->start_count == 0 || goals == 0) {
        return bm_invalid(error, "map %s: no %s in lines 1 to %d", name,
                          map->start_count == 0 ? "start (S)" : "goal (G or 1-9)", map->height);
    }
    return BM_OK;
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
