/* Animated GIFs by giflib, made small: a frame stores the rectangle that changed, with what did not change in it
 * transparent.
 *
 * The first frame's colours and their blends become the palette of the file. A later frame that has others brings its
 * own. A pixel is stored only where the palette offers a colour visibly nearer to the true one than what is on the
 * screen already: errors do not add up, and a drawing's soft edges cost nothing while they stand still. A frame is kept
 * until the next one that differs, because how long it was shown stands before it in the file. */
#include "render/parts.h"

#ifdef BM_GIF

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

enum {
    COLORS = 256,      /* of a palette; entry 0 is the transparent one */
    BINS = 1 << 18,    /* colours are looked up by 6 bits of red, green and blue */
    INVISIBLE = 12,    /* squared distance of two colours that nobody tells apart: 2 in each channel */
    FAR = 3 * 20 * 20, /* and of two that anybody does */
    FAR_PIXELS = 4,    /* so many of those ask for a palette of their own */
    MAIN_COLORS = 8,   /* of a drawing: their blends are its soft edges */
    LONGEST = 65535    /* delay that a frame can have */
};

typedef struct {
    int count;              /* colours, without the transparent one */
    uint32_t color[COLORS]; /* [1 + count] 0xRRGGBB */
    uint8_t nearest[BINS];  /* the colour that stands for a bin; 0: not looked for yet */
} palette;

typedef struct {
    uint32_t pixels, color; /* so many in this bin; the colour of most of them, if one colour has most */
    int64_t votes;
} bin;

typedef struct {
    int left, top, right, bottom; /* right and bottom lie outside; empty: right <= left */
} box;

struct bm_gif {
    bm_writer *writer;
    GifFileType *file;
    int width, height;
    bool started;
    const char *failure;
    palette common, own; /* of the file, of one frame */
    bin *bins;           /* [BINS] */
    uint32_t *shown;     /* [height, width] 0xRRGGBB, as a viewer sees it */
    /* The frame that waits for its delay. */
    box changed;
    const palette *palette;
    uint8_t *index; /* [the box] row by row */
    int64_t delay;
    char *path;
};

/* ---- palettes --------------------------------------------------------------------------------------------------- */

static int bin_of(uint32_t color) {
    return (int)((color >> 18 & 63) << 12 | (color >> 10 & 63) << 6 | (color >> 2 & 63));
}

static int distance(uint32_t a, uint32_t b) { /* squared */
    const int red = (int)(a >> 16 & 255) - (int)(b >> 16 & 255), green = (int)(a >> 8 & 255) - (int)(b >> 8 & 255),
              blue = (int)(a & 255) - (int)(b & 255);
    return red * red + green * green + blue * blue;
}

static uint8_t nearest(palette *p, uint32_t color) {
    uint8_t *known = &p->nearest[bin_of(color)];
    if (*known == 0) {
        const uint32_t centre = (color & 0xfcfcfc) | 0x020202; /* what comes first must not decide for all of the bin */
        int best = distance(p->color[1], centre);
        *known = 1;
        for (int i = 2; i <= p->count; i++) {
            const int d = distance(p->color[i], centre);
            if (d < best) {
                best = d;
                *known = (uint8_t)i;
            }
        }
    }
    return *known;
}

/* Counts a pixel. Boyer and Moore 1981, majority vote: flat areas keep their exact colour, whatever edges share the
 * bin. */
static void count_pixel(bin *bins, uint32_t color) {
    bin *b = &bins[bin_of(color)];
    b->pixels++;
    if (b->votes == 0) {
        b->color = color;
    }
    b->votes += b->color == color ? 1 : -1;
}

/* Chooses colours one by one, each time the one that gains most: its pixels times its squared distance to the nearest
 * chosen. The bins are emptied. */
static void choose_colors(palette *p, bin *bins) {
    int used = 0;
    for (int i = 0; i < BINS; i++) { /* to the front: few bins are in use, and from now on votes is the distance */
        if (bins[i].pixels > 0) {
            const bin moved = {.pixels = bins[i].pixels, .color = bins[i].color, .votes = INT32_MAX};
            bins[i] = (bin){0};
            bins[used++] = moved;
        }
    }
    memset(p->nearest, 0, sizeof p->nearest);
    p->count = 0;
    for (;;) {
        int best = 0;
        for (int i = 1; i < used; i++) {
            if (bins[i].votes * bins[i].pixels > bins[best].votes * bins[best].pixels) {
                best = i;
            }
        }
        if (bins[best].votes == 0 || p->count == COLORS - 1) {
            break;
        }
        const uint32_t color = bins[best].color;
        p->color[++p->count] = color;
        p->nearest[bin_of(color)] = (uint8_t)p->count;
        for (int i = 0; i < used; i++) {
            const int d = distance(color, bins[i].color);
            bins[i].votes = d < bins[i].votes ? d : bins[i].votes;
        }
    }
    memset(bins, 0, (size_t)used * sizeof *bins);
    p->color[0] = p->color[1];
}

static int distance_to(const palette *p, uint32_t color) { /* the nearest, exactly */
    int best = INT32_MAX;
    for (int i = 1; i <= p->count; i++) {
        const int d = distance(p->color[i], color);
        best = d < best ? d : best;
    }
    return best;
}

static uint32_t blend(uint32_t from, uint32_t to, int part, int parts) {
    uint32_t mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int a = (int)(from >> shift & 255), b = (int)(to >> shift & 255);
        mixed |= (uint32_t)(a + (b - a) * part / parts) << shift;
    }
    return mixed;
}

/* Fills what is free with blends of the main colours: the soft edges of frames to come. */
static void add_blends(palette *p) {
    const int most = p->count < MAIN_COLORS ? p->count : MAIN_COLORS;
    for (int parts = 2; parts <= 8; parts *= 2) {
        for (int i = 1; i <= most; i++) {
            for (int j = 1; j < i; j++) {
                for (int part = 1; part < parts; part += 2) {
                    const uint32_t color = blend(p->color[j], p->color[i], part, parts);
                    if (p->count < COLORS - 1 && distance_to(p, color) > FAR / 4) {
                        p->color[++p->count] = color;
                        p->nearest[bin_of(color)] = (uint8_t)p->count;
                    }
                }
            }
        }
    }
}

/* ---- what changed ----------------------------------------------------------------------------------------------- */

/* Whether what is shown will do for color as well as the palette's candidate. */
static bool stays(uint32_t shown, uint32_t color, uint32_t candidate) {
    const int now = distance(shown, color);
    return now <= INVISIBLE || now <= distance(candidate, color);
}

/* The rectangle of the pixels to store, and how many of them have a colour far from what the palette offers. */
static box find_changes(bm_gif *gif, palette *p, const uint32_t *pixels, int *far) {
    box found = {gif->width, gif->height, 0, 0};
    *far = 0;
    for (int y = 0; y < gif->height; y++) {
        for (int x = 0; x < gif->width; x++) {
            const size_t at = (size_t)y * (size_t)gif->width + (size_t)x;
            const uint32_t color = pixels[at] & 0xffffff;
            if (color == gif->shown[at]) {
                continue;
            }
            const uint32_t candidate = p->color[nearest(p, color)];
            *far += distance(candidate, color) > FAR && distance(gif->shown[at], color) > FAR;
            if (!stays(gif->shown[at], color, candidate)) {
                found.left = x < found.left ? x : found.left;
                found.right = x >= found.right ? x + 1 : found.right;
                found.top = y < found.top ? y : found.top;
                found.bottom = y + 1;
            }
        }
    }
    return found;
}

static void keep_frame(bm_gif *gif, palette *p, const uint32_t *pixels, box changed, int64_t delay) {
    uint8_t *index = gif->index;
    for (int y = changed.top; y < changed.bottom; y++) {
        for (int x = changed.left; x < changed.right; x++) {
            const size_t at = (size_t)y * (size_t)gif->width + (size_t)x;
            const uint32_t color = pixels[at] & 0xffffff;
            const uint8_t candidate = nearest(p, color);
            const bool transparent = gif->started && stays(gif->shown[at], color, p->color[candidate]);
            *index++ = transparent ? 0 : candidate;
            gif->shown[at] = transparent ? gif->shown[at] : p->color[candidate];
        }
    }
    gif->changed = changed;
    gif->palette = p;
    gif->delay = delay;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static int put(GifFileType *file, const GifByteType *bytes, int count) {
    bm_writer_put(file->UserData, bytes, (size_t)count); /* a failure is told by commit */
    return count;
}

static ColorMapObject *color_map(const palette *p) { /* NULL: no memory */
    ColorMapObject *map = GifMakeMapObject(1 << GifBitSize(p->count + 1 > 2 ? p->count + 1 : 2), NULL);
    for (int i = 0; map && i <= p->count; i++) {
        map->Colors[i] = (GifColorType){(GifByteType)(p->color[i] >> 16 & 255), (GifByteType)(p->color[i] >> 8 & 255),
                                        (GifByteType)(p->color[i] & 255)};
    }
    return map;
}

static bool put_header(bm_gif *gif) {
    static const unsigned char for_ever[] = {1, 0, 0};
    ColorMapObject *map = color_map(&gif->common);
    EGifSetGifVersion(gif->file, true);
    const bool done = map && EGifPutScreenDesc(gif->file, gif->width, gif->height, 8, 0, map) == GIF_OK &&
                      EGifPutExtensionLeader(gif->file, APPLICATION_EXT_FUNC_CODE) == GIF_OK &&
                      EGifPutExtensionBlock(gif->file, 11, "NETSCAPE2.0") == GIF_OK &&
                      EGifPutExtensionBlock(gif->file, sizeof for_ever, for_ever) == GIF_OK &&
                      EGifPutExtensionTrailer(gif->file) == GIF_OK;
    GifFreeMapObject(map);
    return done;
}

static bool put_image(bm_gif *gif, box where, const palette *p, uint8_t *index, int delay) {
    const GraphicsControlBlock control = {.DisposalMode = DISPOSE_DO_NOT, .DelayTime = delay, .TransparentColor = 0};
    GifByteType packed[4];
    ColorMapObject *map = p == &gif->common ? NULL : color_map(p);
    const int width = where.right - where.left, height = where.bottom - where.top;
    bool done = (map || p == &gif->common) && EGifGCBToExtension(&control, packed) == sizeof packed &&
                EGifPutExtension(gif->file, GRAPHICS_EXT_FUNC_CODE, sizeof packed, packed) == GIF_OK &&
                EGifPutImageDesc(gif->file, where.left, where.top, width, height, false, map) == GIF_OK;
    for (int y = 0; done && y < height; y++) {
        done = EGifPutLine(gif->file, index + (size_t)y * (size_t)width, width) == GIF_OK;
    }
    GifFreeMapObject(map);
    GifFreeMapObject(gif->file->Image.ColorMap); /* giflib 5.2 forgets its copy when the next image has none */
    gif->file->Image.ColorMap = NULL;
    return done;
}

/* The frame that waited, and as many empty ones after it as its delay needs. */
static bool put_frame(bm_gif *gif) {
    static const box corner = {0, 0, 1, 1};
    int64_t left = gif->delay;
    int delay = (int)(left > LONGEST ? LONGEST : left);
    bool done = put_image(gif, gif->changed, gif->palette, gif->index, delay);
    for (left -= delay; done && left > 0; left -= delay) {
        uint8_t transparent = 0;
        delay = (int)(left > LONGEST ? LONGEST : left);
        done = put_image(gif, corner, &gif->common, &transparent, delay);
    }
    return done;
}

/* ---- what others call ------------------------------------------------------------------------------------------- */

static void free_gif(bm_gif *gif) {
    free(gif->bins);
    free(gif->shown);
    free(gif->index);
    free(gif->path);
    free(gif);
}

bm_status bm_gif_open(bm_gif **gif, const char *path, int width, int height, bm_error *error) {
    *gif = NULL;
    if (width < 1 || height < 1 || width > 65535 || height > 65535) {
        return bm_invalid(error, "cannot write %s: a GIF of %d x %d pixels", path, width, height);
    }
    bm_gif *opened = calloc(1, sizeof *opened);
    if (!opened) {
        return bm_fail(error, "cannot write %s: not enough memory", path);
    }
    const size_t pixels = (size_t)width * (size_t)height;
    opened->width = width;
    opened->height = height;
    opened->bins = calloc(BINS, sizeof *opened->bins);
    opened->shown = calloc(pixels, sizeof *opened->shown);
    opened->index = calloc(pixels, 1);
    opened->path = strdup(path);
    if (!opened->bins || !opened->shown || !opened->index || !opened->path) {
        free_gif(opened);
        return bm_fail(error, "cannot write %s: not enough memory", path);
    }
    const bm_status status = bm_writer_open(&opened->writer, path, error);
    if (status != BM_OK) {
        free_gif(opened);
        return status;
    }
    int reason;
    opened->file = EGifOpen(opened->writer, put, &reason);
    if (!opened->file) {
        bm_writer_abandon(opened->writer);
        free_gif(opened);
        return bm_fail(error, "cannot write %s: %s", path, GifErrorString(reason));
    }
    *gif = opened;
    return BM_OK;
}

static bm_status fail(bm_gif *gif, bm_error *error) {
    const char *reason = GifErrorString(gif->file->Error);
    gif->failure = reason ? reason : "not enough memory";
    return bm_fail(error, "cannot write %s: %s", gif->path, gif->failure);
}

static bm_status first_frame(bm_gif *gif, const uint32_t *pixels, int delay, bm_error *error) {
    const size_t count = (size_t)gif->width * (size_t)gif->height;
    for (size_t i = 0; i < count; i++) {
        count_pixel(gif->bins, pixels[i] & 0xffffff);
    }
    choose_colors(&gif->common, gif->bins);
    add_blends(&gif->common);
    keep_frame(gif, &gif->common, pixels, (box){0, 0, gif->width, gif->height}, delay);
    gif->started = true;
    return put_header(gif) ? BM_OK : fail(gif, error);
}

static void choose_own_colors(bm_gif *gif, const uint32_t *pixels) {
    const size_t count = (size_t)gif->width * (size_t)gif->height;
    for (size_t i = 0; i < count; i++) {
        if (distance(pixels[i], gif->shown[i]) > INVISIBLE) {
            count_pixel(gif->bins, pixels[i] & 0xffffff);
        }
    }
    choose_colors(&gif->own, gif->bins);
}

bm_status bm_gif_frame(bm_gif *gif, const uint32_t *pixels, int delay, bm_error *error) {
    if (gif->failure) {
        return bm_fail(error, "cannot write %s: %s", gif->path, gif->failure);
    }
    if (delay < 0) {
        return bm_invalid(error, "cannot write %s: a frame shown for %d hundredths of a second", gif->path, delay);
    }
    if (!gif->started) {
        return first_frame(gif, pixels, delay, error);
    }
    int far;
    palette *p = &gif->common;
    box changed = find_changes(gif, p, pixels, &far);
    if (changed.right <= changed.left && far < FAR_PIXELS) {
        gif->delay += delay;
        return BM_OK;
    }
    if (!put_frame(gif)) {
        return fail(gif, error);
    }
    if (far >= FAR_PIXELS) {
        p = &gif->own;
        choose_own_colors(gif, pixels);
        changed = find_changes(gif, p, pixels, &far);
    }
    keep_frame(gif, p, pixels, changed, delay);
    return BM_OK;
}

bm_status bm_gif_close(bm_gif *gif, bm_error *error) {
    if (!gif->failure && !gif->started) {
        gif->failure = "it has no frame";
    }
    bm_status status = gif->failure ? bm_fail(error, "cannot write %s: %s", gif->path, gif->failure) : BM_OK;
    if (status == BM_OK && !put_frame(gif)) {
        status = fail(gif, error);
    }
    int reason;
    if (EGifCloseFile(gif->file, &reason) != GIF_OK && status == BM_OK) {
        status = bm_fail(error, "cannot write %s: %s", gif->path, GifErrorString(reason));
    }
    if (status == BM_OK) {
        status = bm_writer_commit(gif->writer, error);
    } else {
        bm_writer_abandon(gif->writer);
    }
    free_gif(gif);
    return status;
}

#endif
