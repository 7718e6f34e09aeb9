/* Matrix products in registers: the general kernel and the one for a few outputs. See kernels.h for what they promise.
 *
 * General: C is cut into tiles of a few rows by a few vectors that stay in registers while k runs; each step loads the
 * vectors of one row of B once and broadcasts one element of A per row of the tile (Goto and van de Geijn 2008). k is
 * cut into blocks so that a panel of B stays in the first-level cache; between blocks the sums rest in C, which rounds
 * nothing. Columns that do not fill a vector are masked.
 *
 * A few outputs: vectors would be mostly empty, so each element is a dot product along k instead, in 64 bytes' worth of
 * lanes folded in a fixed order. Which of the two computes C depends on n and k, and for a transposed B on whether
 * there are few rows, too few to pay for transposing it. */
#include "nets/kernels.h"
#include "nets/simd.h"

#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 12")
#endif

enum {
    MOST_ROWS = 12,
    MOST_VECTORS = 8,
    DEPTH = 192,       /* of a block of k */
    PACK_ROWS = 192,   /* copying a panel of B pays from this many rows of A on, */
    PACK_BYTES = 1024, /* where rows of B are so far apart that they share cache sets */
#ifdef SIMD_V4
    PANEL = 4, /* vectors side by side, for many rows */
#else
    PANEL = 3,
#endif
};

/* One column of tiles, within one block of k. */
typedef struct {
    int k;
    const bm_real *a;
    size_t a_row, a_col;
    const bm_real *b;
    size_t b_row;
    const bm_real *start; /* what the sums begin with: C or the bias; NULL: zero */
    size_t start_row;
    bm_real *c;
    size_t c_row;
    int last; /* lanes in use of the last vector */
    bool relu;
} strip;

/* rows, vectors and tail are constants wherever this is inlined; tail: the last vector is not full. */
SIMD_INLINE void tile(const int rows, const int vectors, const bool tail, const strip *s) {
    const simd_mask mask = simd_first(s->last);
    simd sum[MOST_ROWS][MOST_VECTORS];
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            const bm_real *start = s->start + (size_t)i * s->start_row + v * SIMD_LANES;
            sum[i][v] = !s->start                  ? (simd){0}
                        : tail && v == vectors - 1 ? simd_load_first(start, mask)
                                                   : simd_load(start);
        }
    }
    const bm_real *a = s->a, *b = s->b;
    const size_t a_row = s->a_row, a_col = s->a_col, b_row = s->b_row;
    for (int l = s->k; l > 0; l--) {
        simd row[MOST_VECTORS];
        UNROLLED for (int v = 0; v < vectors; v++) {
            const bm_real *p = b + v * SIMD_LANES;
            row[v] = tail && v == vectors - 1 ? simd_load_first(p, mask) : simd_load(p);
        }
        UNROLLED for (int i = 0; i < rows; i++) {
            const simd x = simd_all(a[(size_t)i * a_row]);
            UNROLLED for (int v = 0; v < vectors; v++) {
                sum[i][v] = simd_fma(x, row[v], sum[i][v]);
            }
        }
        a += a_col;
        b += b_row;
    }
    UNROLLED for (int i = 0; i < rows; i++) {
        UNROLLED for (int v = 0; v < vectors; v++) {
            bm_real *c = s->c + (size_t)i * s->c_row + v * SIMD_LANES;
            const simd x = s->relu ? simd_relu(sum[i][v]) : sum[i][v];
            if (tail && v == vectors - 1) {
                simd_store_first(c, mask, x);
            } else {
                simd_store(c, x);
            }
        }
    }
}

typedef struct {
    int rows;
    void (*run[2])(const strip *s); /* [tail] */
} tile_kernel;

#define TILE(rows, vectors)                                                                                            \
    static void full_##rows##x##vectors(const strip *s) {                                                              \
        tile(rows, vectors, false, s);                                                                                 \
    }                                                                                                                  \
    static void tail_##rows##x##vectors(const strip *s) {                                                              \
        tile(rows, vectors, true, s);                                                                                  \
    }
/* clang-format off */
#define USE(rows, vectors) {rows, {full_##rows##x##vectors, tail_##rows##x##vectors}}

TILE(12, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)
TILE(4, 2) TILE(2, 2) TILE(1, 2)
TILE(4, 3) TILE(2, 3) TILE(1, 3)
TILE(2, 4) TILE(1, 4)
TILE(2, 5) TILE(1, 5)
TILE(2, 6) TILE(1, 6)
TILE(1, 7)
TILE(1, 8)
#ifdef SIMD_V4 /* 32 registers */
TILE(12, 2) TILE(8, 3) TILE(6, 4) TILE(4, 4)
#else /* 16 */
TILE(6, 2)
#endif

/* By vectors side by side, most rows first; the last has one row. */
static const tile_kernel tiles[MOST_VECTORS + 1][4] = {
    [1] = {USE(12, 1), USE(4, 1), USE(2, 1), USE(1, 1)},
#ifdef SIMD_V4
    [2] = {USE(12, 2), USE(4, 2), USE(2, 2), USE(1, 2)},
    [3] = {USE(8, 3), USE(4, 3), USE(2, 3), USE(1, 3)},
    [4] = {USE(6, 4), USE(4, 4), USE(2, 4), USE(1, 4)},
#else
    [2] = {USE(6, 2), USE(4, 2), USE(2, 2), USE(1, 2)},
    [3] = {USE(4, 3), USE(2, 3), USE(1, 3)},
    [4] = {USE(2, 4), USE(1, 4)},
#endif
    [5] = {USE(2, 5), USE(1, 5)},
    [6] = {USE(2, 6), USE(1, 6)},
    [7] = {USE(1, 7)},
    [8] = {USE(1, 8)},
};
/* clang-format on */

/* Vectors side by side for m rows: few rows need more, so that enough independent sums are under way. */
static int widest_panel(int m) {
    return m == 1 ? MOST_VECTORS : m < 4 ? 6 : PANEL;
}

static void run_strip(int m, int vectors, strip *s) {
    const bool tail = s->last < SIMD_LANES;
    for (const tile_kernel *kernel = tiles[vectors]; m > 0; kernel++) {
        for (; m >= kernel->rows; m -= kernel->rows) {
            kernel->run[tail](s);
            s->a += (size_t)kernel->rows * s->a_row;
            s->c += (size_t)kernel->rows * s->c_row;
            if (s->start) {
                s->start += (size_t)kernel->rows * s->start_row;
            }
        }
    }
}

/* packed [k, width] = rows of b, columns of them. */
static void pack(int k, int columns, int width, const bm_real *b, size_t b_row, bm_real *packed) {
    for (int l = 0; l < k; l++) {
        memcpy(packed + (size_t)l * (size_t)width, b + (size_t)l * b_row, (size_t)columns * sizeof *b);
    }
}

SIMD_INLINE void transpose_4x4(const bm_real *in, size_t in_row, bm_real *out, size_t out_row) {
    simd_quad a, b, c, d;
    memcpy(&a, in, sizeof a);
    memcpy(&b, in + in_row, sizeof b);
    memcpy(&c, in + 2 * in_row, sizeof c);
    memcpy(&d, in + 3 * in_row, sizeof d);
    const simd_quad ac_low = SIMD_SHUFFLE(a, c, 0, 4, 1, 5), ac_high = SIMD_SHUFFLE(a, c, 2, 6, 3, 7);
    const simd_quad bd_low = SIMD_SHUFFLE(b, d, 0, 4, 1, 5), bd_high = SIMD_SHUFFLE(b, d, 2, 6, 3, 7);
    a = SIMD_SHUFFLE(ac_low, bd_low, 0, 4, 1, 5);
    b = SIMD_SHUFFLE(ac_low, bd_low, 2, 6, 3, 7);
    c = SIMD_SHUFFLE(ac_high, bd_high, 0, 4, 1, 5);
    d = SIMD_SHUFFLE(ac_high, bd_high, 2, 6, 3, 7);
    memcpy(out, &a, sizeof a);
    memcpy(out + out_row, &b, sizeof b);
    memcpy(out + 2 * out_row, &c, sizeof c);
    memcpy(out + 3 * out_row, &d, sizeof d);
}

/* packed [k, width] = columns of b, [columns, k] with rows b_row apart. */
static void pack_transposed(int k, int columns, int width, const bm_real *b, size_t b_row, bm_real *packed) {
    const int whole_k = k / 4 * 4, whole_columns = columns / 4 * 4;
    for (int j = 0; j < whole_columns; j += 4) {
        for (int l = 0; l < whole_k; l += 4) {
            transpose_4x4(b + (size_t)j * b_row + l, b_row, packed + (size_t)l * (size_t)width + j, (size_t)width);
        }
    }
    for (int j = 0; j < columns; j++) { /* what the blocks left over */
        for (int l = j < whole_columns ? whole_k : 0; l < k; l++) {
            packed[(size_t)l * (size_t)width + (size_t)j] = b[(size_t)j * b_row + (size_t)l];
        }
    }
}

/* Rows of b lie b_row apart, those of c c_row. */
static void multiply_tiled(const bm_product *p, size_t b_row, size_t c_row) {
    bm_real packed[DEPTH * PANEL * SIMD_LANES] __attribute__((aligned(64)));
    const bool packing = p->b_transposed || (p->m >= PACK_ROWS && b_row * sizeof(bm_real) >= PACK_BYTES);
    const int widest = packing ? PANEL : widest_panel(p->m);
    for (int depth = 0; depth < p->k; depth += DEPTH) {
        const int k = p->k - depth < DEPTH ? p->k - depth : DEPTH;
        const bool first = depth == 0, last = depth + k == p->k;
        int left = (p->n + SIMD_LANES - 1) / SIMD_LANES, panels = (left + widest - 1) / widest;
        for (int column = 0; left > 0; panels--) {
            const int vectors = (left + panels - 1) / panels, width = vectors * SIMD_LANES;
            const int columns = p->n - column < width ? p->n - column : width;
            const bm_real *bias = p->bias ? p->bias + column : NULL;
            const bm_real *b =
                p->b_transposed ? p->b + (size_t)column * b_row + depth : p->b + (size_t)depth * b_row + column;
            if (p->b_transposed) {
                pack_transposed(k, columns, width, b, b_row, packed);
            } else if (packing) {
                pack(k, columns, width, b, b_row, packed);
            }
            strip s = {
                .k = k,
                .a = p->a + (size_t)depth * p->a_col,
                .a_row = p->a_row,
                .a_col = p->a_col,
                .b = packing ? packed : b,
                .b_row = packing ? (size_t)width : b_row,
                .start = first ? bias : p->c + column,
                .start_row = first ? p->bias_row : c_row,
                .c = p->c + column,
                .c_row = c_row,
                .last = columns - (vectors - 1) * SIMD_LANES,
                .relu = p->relu && last,
            };
            run_strip(p->m, vectors, &s);
            column += width;
            left -= vectors;
        }
    }
}

/* ---- a few outputs ---- */

enum {
    DOTS = SIMD_SUM_PARTS == 1 ? 8 : 4, /* under way at once, so that their sums stay in registers */
    MOST_DOTS = 12,
    NARROW = 4,          /* outputs up to this many are dot products */
    NARROW_DEPTH = 2048, /* for k up to this */
    UPRIGHT_ROWS = 384,
};

/* rows times outputs dot products of k terms. */
SIMD_INLINE void dots(const int rows, const int outputs, int k, const bm_real *a, size_t a_row, const bm_real *b,
                      size_t b_row, bm_real result[MOST_DOTS]) {
    simd sum[MOST_DOTS][SIMD_SUM_PARTS];
    UNROLLED for (int d = 0; d < (rows * outputs + 3) / 4 * 4; d++) {
        UNROLLED for (int part = 0; part < SIMD_SUM_PARTS; part++) {
            sum[d][part] = (simd){0};
        }
    }
    int l = 0;
    for (; l + SIMD_SUM_LANES <= k; l += SIMD_SUM_LANES) {
        UNROLLED for (int part = 0; part < SIMD_SUM_PARTS; part++) {
            UNROLLED for (int i = 0; i < rows; i++) {
                const simd x = simd_load(a + (size_t)i * a_row + l + part * SIMD_LANES);
                UNROLLED for (int j = 0; j < outputs; j++) {
                    const simd y = simd_load(b + (size_t)j * b_row + l + part * SIMD_LANES);
                    sum[i * outputs + j][part] = simd_fma(x, y, sum[i * outputs + j][part]);
                }
            }
        }
    }
    if (l < k) {
        UNROLLED for (int part = 0; part < SIMD_SUM_PARTS; part++) {
            const int left = k - l - part * SIMD_LANES;
            const simd_mask mask = simd_first(left < 0 ? 0 : left > SIMD_LANES ? SIMD_LANES : left);
            UNROLLED for (int i = 0; i < rows; i++) {
                const simd x = simd_load_first(a + (size_t)i * a_row + l + part * SIMD_LANES, mask);
                UNROLLED for (int j = 0; j < outputs; j++) {
                    const simd y = simd_load_first(b + (size_t)j * b_row + l + part * SIMD_LANES, mask);
                    sum[i * outputs + j][part] = simd_fma(x, y, sum[i * outputs + j][part]);
                }
            }
        }
    }
    UNROLLED for (int d = 0; d < rows * outputs; d += 4) {
        simd_quad quad[4];
        UNROLLED for (int i = 0; i < 4; i++) {
            simd_fold(sum[d + i], &quad[i]);
        }
        simd_quad four;
        simd_sum_quads(quad, &four);
        memcpy(result + d, &four, sizeof four);
    }
}

/* Columns j.. of C; b is [n, k], rows b_row apart. */
SIMD_INLINE void dot_rows(const int rows, const int outputs, const bm_product *p, const bm_real *b, int i, int j) {
    bm_real result[MOST_DOTS];
    dots(rows, outputs, p->k, p->a + (size_t)i * p->a_row, p->a_row, b + (size_t)j * (size_t)p->k, (size_t)p->k,
         result);
    UNROLLED for (int r = 0; r < rows; r++) {
        bm_real *c = p->c + (size_t)(i + r) * (size_t)p->n + j;
        const bm_real *bias = p->bias ? p->bias + (size_t)(i + r) * p->bias_row + j : NULL;
        UNROLLED for (int o = 0; o < outputs; o++) {
            const bm_real x = result[r * outputs + o] + (bias ? bias[o] : 0);
            c[o] = p->relu && x < 0 ? 0 : x;
        }
    }
}

SIMD_INLINE void dot_columns(const int rows, const int outputs, const bm_product *p, const bm_real *b, int j) {
    int i = 0;
    for (; i + rows <= p->m; i += rows) {
        dot_rows(rows, outputs, p, b, i, j);
    }
    for (; i < p->m; i++) {
        dot_rows(1, outputs, p, b, i, j);
    }
}

static void multiply_dots(const bm_product *p, const bm_real *b) {
    int j = 0;
    for (; j + 4 <= p->n; j += 4) {
        dot_columns(DOTS / 4, 4, p, b, j);
    }
    switch (p->n - j) {
    case 1:
        dot_columns(DOTS, 1, p, b, j);
        break;
    case 2:
        dot_columns(DOTS / 2, 2, p, b, j);
        break;
    case 3:
        dot_columns(DOTS == 8 ? 4 : 1, 3, p, b, j);
        break;
    default:
        break;
    }
}

/* out [n, m] = in [m, n] transposed; n is a constant wherever this is inlined, so that it vectorises. */
SIMD_INLINE void split(const int n, int m, const bm_real *restrict in, bm_real *restrict out, size_t out_row) {
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            out[(size_t)j * out_row + (size_t)i] = in[i * n + j];
        }
    }
}

static void split_columns(int n, int m, const bm_real *in, bm_real *out, size_t out_row) {
    switch (n) {
    case 1:
        memcpy(out, in, (size_t)m * sizeof *in);
        break;
    case 2:
        split(2, m, in, out, out_row);
        break;
    case 3:
        split(3, m, in, out, out_row);
        break;
    default:
        split(4, m, in, out, out_row);
    }
}

/* out [m, n] from in [n, m]. */
SIMD_INLINE void join(const int n, int m, const bm_real *restrict in, size_t in_row, bm_real *restrict out) {
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            out[i * n + j] = in[(size_t)j * in_row + (size_t)i];
        }
    }
}

static void join_columns(int n, int m, const bm_real *in, size_t in_row, bm_real *out) {
    switch (n) {
    case 1:
        memcpy(out, in, (size_t)m * sizeof *in);
        break;
    case 2:
        join(2, m, in, in_row, out);
        break;
    case 3:
        join(3, m, in, in_row, out);
        break;
    default:
        join(4, m, in, in_row, out);
    }
}

static void multiply_narrow(const bm_product *p) {
    bm_real across[NARROW * NARROW_DEPTH];
    split_columns(p->n, p->k, p->b, across, (size_t)p->k);
    multiply_dots(p, across);
}

/* Few columns and A transposed: C's transpose is a product of the general kind, with few rows. */
static void multiply_upright(const bm_product *p) {
    bm_real across[NARROW * UPRIGHT_ROWS];
    for (int i = 0; i < p->m; i += UPRIGHT_ROWS) {
        const int rows = p->m - i < UPRIGHT_ROWS ? p->m - i : UPRIGHT_ROWS;
        const bm_product turned = {
            .m = p->n, .n = rows, .k = p->k, .a = p->b, .a_row = 1, .a_col = (size_t)p->n, .b = p->a + i, .c = across};
        multiply_tiled(&turned, p->a_col, UPRIGHT_ROWS);
        join_columns(p->n, rows, across, UPRIGHT_ROWS, p->c + (size_t)i * (size_t)p->n);
    }
}

static void multiply(const bm_product *product) {
    bm_product row;
    const bm_product *p = product;
    if (p->b_transposed && p->k == 1) { /* a column lies in memory as its transpose does */
        row = *p;
        row.b_transposed = false;
        p = &row;
    }
    const bool narrow = p->n <= NARROW;
    if (p->b_transposed && p->a_col == 1 && (narrow || p->m < BM_FEW_ROWS)) {
        multiply_dots(p, p->b);
    } else if (narrow && !p->b_transposed && p->a_col == 1 && p->k <= NARROW_DEPTH) {
        multiply_narrow(p);
    } else if (narrow && !p->b_transposed && p->a_row == 1 && !p->bias && !p->relu) {
        multiply_upright(p);
    } else {
        multiply_tiled(p, (size_t)(p->b_transposed ? p->k : p->n), (size_t)p->n);
    }
}

#define PASTE(x, y)  x##y
#define NAMED(x, y)  PASTE(x, y)
#define TEXT(x)      #x
#define NAME_TEXT(x) TEXT(x)

extern const bm_kernels NAMED(bm_kernels_, BM_ISA);

const bm_kernels NAMED(bm_kernels_, BM_ISA) = {
    .name = NAME_TEXT(BM_ISA),
    .multiply = multiply,
};
