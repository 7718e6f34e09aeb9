#ifndef BM_TESTS_WATCH_DECODE_H
#define BM_TESTS_WATCH_DECODE_H

/* What the tests of pictures share: the module that was built with them, and readers of PNG (by Python's zlib) and GIF
 * that share nothing with the library. Pixels are 0xffRRGGBB. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* The tests are BUILD/tests/watch/NAME, the module is BUILD/bellman-render.so. */
static inline void use_built_module(void) {
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    ck_assert_int_gt(length, 0);
    path[length] = '\0';
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(path, '/');
        ck_assert_ptr_nonnull(slash);
        *slash = '\0';
    }
    memcpy(path + strlen(path), "/bellman-render.so", sizeof "/bellman-render.so");
    ck_assert_int_eq(setenv("BELLMAN_RENDER", path, 1), 0);
}

static inline uint8_t *read_bytes(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is not there", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    *count = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*count + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *count, file), *count);
    fclose(file);
    return bytes;
}

/* 8 bits of red, green and blue, any filter, sums of all chunks checked. free() it. */
static inline uint32_t *png_read(const char *path, int width, int height) {
    static const char script[] =
        "import struct, sys, zlib\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "assert data[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])\n"
        "at, kind, packed = 8, b'', b''\n"
        "while kind != b'IEND':\n"
        "    n, = struct.unpack('>I', data[at:at + 4])\n"
        "    kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + n]\n"
        "    assert zlib.crc32(kind + body) == struct.unpack('>I', data[at + 8 + n:at + 12 + n])[0]\n"
        "    if kind == b'IHDR': w, h, form = *struct.unpack('>II', body[:8]), body[8:]\n"
        "    if kind == b'IDAT': packed += body\n"
        "    at += 12 + n\n"
        "assert at == len(data) and form == bytes([8, 2, 0, 0, 0])\n"
        "rows, last, out = zlib.decompress(packed), bytes(3 * w), bytearray(struct.pack('<ii', w, h))\n"
        "assert len(rows) == h * (3 * w + 1)\n"
        "for y in range(h):\n"
        "    kind, row = rows[y * (3 * w + 1)], bytearray(rows[y * (3 * w + 1) + 1:(y + 1) * (3 * w + 1)])\n"
        "    for i in range(3 * w):\n"
        "        a, b, c = row[i - 3] if i > 2 else 0, last[i], last[i - 3] if i > 2 else 0\n"
        "        p = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]\n"
        "        row[i] = row[i] + (0, a, b, (a + b) // 2, p)[kind] & 255\n"
        "    last = row\n"
        "    out += b''.join(bytes([row[i + 2], row[i + 1], row[i], 255]) for i in range(0, 3 * w, 3))\n"
        "sys.stdout.buffer.write(out)\n";
    char command[8192];
    ck_assert_int_lt(snprintf(command, sizeof command, "python3 -c \"%s\" '%s'", script, path), (int)sizeof command);
    FILE *output = popen(command, "r");
    ck_assert_ptr_nonnull(output);
    int32_t size[2] = {0, 0};
    ck_assert_uint_eq(fread(size, sizeof size, 1, output), 1);
    ck_assert_int_eq(size[0], width);
    ck_assert_int_eq(size[1], height);
    const size_t count = (size_t)width * (size_t)height;
    uint32_t *pixels = malloc(count * sizeof *pixels);
    ck_assert_ptr_nonnull(pixels);
    ck_assert_uint_eq(fread(pixels, sizeof *pixels, count, output), count);
    ck_assert_int_eq(pclose(output), 0);
    return pixels;
}

enum { GIF_FRAMES = 1000 };

typedef struct {
    int width, height, frames, own_palettes;
    bool loops;
    int delay[GIF_FRAMES];
    int area[GIF_FRAMES];         /* pixels of the stored rectangle */
    uint32_t *pixels[GIF_FRAMES]; /* [height, width] what a viewer shows */
    size_t bytes;
} gif_film;

typedef struct {
    const uint8_t *bytes;
    size_t at, count;
} gif_cursor;

static inline int gif_byte(gif_cursor *c) {
    ck_assert_uint_lt(c->at, c->count);
    return c->bytes[c->at++];
}

static inline int gif_word(gif_cursor *c) {
    const int low = gif_byte(c);
    return low | gif_byte(c) << 8;
}

static inline void gif_colors(gif_cursor *c, int flags, uint32_t colors[256]) {
    for (int i = 0; i < 2 << (flags & 7); i++) {
        const uint32_t red = (uint32_t)gif_byte(c), green = (uint32_t)gif_byte(c), blue = (uint32_t)gif_byte(c);
        colors[i] = 0xff000000u | red << 16 | green << 8 | blue;
    }
}

/* LZW as in GIF89a, appendix F; count indices. */
static inline void gif_unpack(gif_cursor *c, uint8_t *index, size_t count) {
    static uint8_t last[4096];
    static int prefix[4096];
    static size_t length[4096];
    const int bits = gif_byte(c), clear = 1 << bits;
    int used = clear + 2, size = bits + 1, previous = -1, block = 0, held = 0;
    uint32_t buffer = 0;
    size_t written = 0;
    for (int i = 0; i < clear; i++) {
        last[i] = (uint8_t)i;
        prefix[i] = -1;
        length[i] = 1;
    }
    for (;;) {
        while (held < size) {
            block = block ? block : gif_byte(c);
            ck_assert_int_gt(block, 0);
            buffer |= (uint32_t)gif_byte(c) << held;
            held += 8;
            block--;
        }
        const int code = (int)(buffer & ((1u << size) - 1));
        buffer >>= size;
        held -= size;
        if (code == clear) {
            used = clear + 2;
            size = bits + 1;
            previous = -1;
            continue;
        }
        if (code == clear + 1) {
            break;
        }
        ck_assert_int_le(code, used);
        if (previous >= 0 && used < 4096) {
            int first = code == used ? previous : code;
            while (prefix[first] >= 0) {
                first = prefix[first];
            }
            last[used] = last[first];
            prefix[used] = previous;
            length[used] = length[previous] + 1;
            used++;
        }
        ck_assert_uint_le(written + length[code], count);
        for (int at = code, i = (int)length[code] - 1; at >= 0; at = prefix[at], i--) {
            index[written + (size_t)i] = last[at];
        }
        written += length[code];
        previous = code;
        size += used == 1 << size && size < 12;
    }
    ck_assert_uint_eq(written, count);
    ck_assert_int_eq(block, 0);
    ck_assert_int_eq(gif_byte(c), 0);
}

static inline void gif_image(gif_cursor *c, gif_film *film, const uint32_t common[256], int transparent) {
    const int left = gif_word(c), top = gif_word(c), width = gif_word(c), height = gif_word(c), flags = gif_byte(c);
    ck_assert_int_le(left + width, film->width);
    ck_assert_int_le(top + height, film->height);
    ck_assert_int_lt(film->frames, GIF_FRAMES);
    uint32_t own[256];
    if (flags & 128) {
        gif_colors(c, flags, own);
        film->own_palettes++;
    }
    const size_t all = (size_t)film->width * (size_t)film->height, count = (size_t)width * (size_t)height;
    uint32_t *pixels = calloc(all, sizeof *pixels);
    uint8_t *index = malloc(count);
    ck_assert(pixels && index);
    if (film->frames > 0) {
        memcpy(pixels, film->pixels[film->frames - 1], all * sizeof *pixels);
    }
    gif_unpack(c, index, count);
    for (size_t i = 0; i < count; i++) {
        if (index[i] != transparent) {
            const size_t x = (size_t)left + i % (size_t)width, y = (size_t)top + i / (size_t)width;
            pixels[y * (size_t)film->width + x] = flags & 128 ? own[index[i]] : common[index[i]];
        }
    }
    free(index);
    film->area[film->frames] = (int)count;
    film->pixels[film->frames++] = pixels;
}

static inline void gif_read(gif_film *film, const char *path) {
    memset(film, 0, sizeof *film);
    gif_cursor c = {0};
    uint8_t *bytes = read_bytes(path, &c.count);
    c.bytes = bytes;
    film->bytes = c.count;
    ck_assert_uint_gt(c.count, 13);
    ck_assert_mem_eq(bytes, "GIF89a", 6);
    c.at = 6;
    film->width = gif_word(&c);
    film->height = gif_word(&c);
    uint32_t common[256];
    const int flags = gif_byte(&c);
    c.at += 2;
    gif_colors(&c, flags, common);
    int transparent = -1, kind;
    while ((kind = gif_byte(&c)) != ';') {
        if (kind == ',') {
            gif_image(&c, film, common, transparent);
            continue;
        }
        ck_assert_int_eq(kind, '!');
        const int extension = gif_byte(&c);
        for (int size; (size = gif_byte(&c)) > 0; c.at += (size_t)size) {
            if (extension == 0xf9) {
                ck_assert_int_eq(bytes[c.at] >> 2 & 7, 1); /* left in place */
                film->delay[film->frames] = bytes[c.at + 1] | bytes[c.at + 2] << 8;
                transparent = bytes[c.at] & 1 ? bytes[c.at + 3] : -1;
            }
            film->loops |= size == 3 && extension == 0xff && memcmp(bytes + c.at, "\1\0\0", 3) == 0;
        }
    }
    ck_assert_uint_eq(c.at, c.count);
    free(bytes);
}

static inline void gif_free(gif_film *film) {
    for (int i = 0; i < film->frames; i++) {
        free(film->pixels[i]);
    }
}

/* The largest difference of two pictures in any channel. */
static inline int worst_difference(const uint32_t *a, const uint32_t *b, size_t count) {
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        for (int shift = 0; shift < 32; shift += 8) {
            const int difference = abs((int)(a[i] >> shift & 255) - (int)(b[i] >> shift & 255));
            worst = difference > worst ? difference : worst;
        }
    }
    return worst;
}

#endif
