/* The palette's cube has levels 0, 95, 135, 175, 215, 255; its grays are 8, 18 .. 238 (xterm's 256colres.h). */
#include "draw/palette.h"

#include <stdlib.h>

enum { CUBE = 16, GRAYS = 232, GRAY_COUNT = 24, LEVELS = 31 };

static int channel(uint32_t color, int shift) {
    return (int)(color >> shift & 0xff);
}

int bm_palette_difference(uint32_t a, uint32_t b) {
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int d = abs(channel(a, shift) - channel(b, shift));
        most = d > most ? d : most;
    }
    return most;
}

static int distance(uint32_t a, uint32_t b) {
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int d = channel(a, shift) - channel(b, shift);
        sum += d * d;
    }
    return sum;
}

int bm_palette_nearest(uint32_t color, uint32_t *looks) {
    int entry = CUBE;
    uint32_t cube_looks = 0;
    for (int shift = 16, weight = 36; shift >= 0; shift -= 8, weight /= 6) {
        const int value = channel(color, shift);
        const int level = value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
        entry += weight * level;
        cube_looks |= (uint32_t)(level ? 55 + 40 * level : 0) << shift;
    }
    /* The gray nearest to a colour is the one nearest to the mean of its channels. */
    const int sum = channel(color, 16) + channel(color, 8) + channel(color, 0);
    const int rounded = sum < 9 ? 0 : (sum - 9) / 30, gray = rounded < GRAY_COUNT ? rounded : GRAY_COUNT - 1;
    const uint32_t gray_looks = (uint32_t)(8 + 10 * gray) * 0x010101u;
    if (distance(color, gray_looks) < distance(color, cube_looks)) {
        *looks = gray_looks;
        return GRAYS + gray;
    }
    *looks = cube_looks;
    return entry;
}

uint32_t bm_palette_reduce(uint32_t color) {
    uint32_t looks, result = 0;
    bm_palette_nearest(color, &looks);
    if (bm_palette_difference(color, looks) <= BM_PALETTE_ERROR) {
        return looks;
    }
    for (int shift = 0; shift < 24; shift += 8) {
        const int level = (channel(color, shift) * LEVELS + 127) / 255;
        result |= (uint32_t)((level * 255 + LEVELS / 2) / LEVELS) << shift;
    }
    return result;
}

char *bm_palette_number(char *at, int number) {
    if (number >= 10) {
        at = bm_palette_number(at, number / 10);
    }
    *at++ = (char)('0' + number % 10);
    return at;
}

char *bm_palette_write(char *at, int layer, uint32_t color) {
    uint32_t looks;
    const int entry = bm_palette_nearest(color, &looks);
    at = bm_palette_number(at, layer);
    *at++ = ';';
    *at++ = looks == color ? '5' : '2';
    *at++ = ';';
    if (looks == color) {
        return bm_palette_number(at, entry);
    }
    at = bm_palette_number(at, channel(color, 16));
    *at++ = ';';
    at = bm_palette_number(at, channel(color, 8));
    *at++ = ';';
    return bm_palette_number(at, channel(color, 0));
}
