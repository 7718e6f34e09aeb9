/* fANOVA. Each tree is grown on a bootstrap sample until its leaves hold one score, and is then a function that is
 * constant on boxes. With every parameter uniform on [0, 1] (or among its choices) its variance, and that of the mean
 * over all parameters but one, are sums over leaves:
 *
 *     f_0 = sum of size * score,   V = sum of size * (score - f_0)^2,
 *     f_j(x) = sum over the leaves that hold x in direction j of size / width_j * score,
 *     V_j = mean over x of (f_j(x) - f_0)^2
 *
 * with size the volume of a leaf and width_j its extent in direction j. f_j is constant between neighbouring borders of
 * leaves. The importance of j is V_j / V, averaged over the trees that vary at all. */
#include "tune/importance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

typedef struct {
    double low, high; /* of a number */
    uint64_t choices; /* of a category: those inside */
} side;

typedef struct {
    double key; /* a number, or the mean score of a choice */
    double score;
    int sample;
} entry;

/* Where a box is cut: samples whose key is at most `at` go to the first part. */
typedef struct {
    int parameter; /* -1: nowhere */
    double gain;
    double at;
    uint64_t choices; /* of the first part */
} cut;

typedef struct {
    double at, jump;
} border;

typedef struct {
    const bm_search_space *space;
    int n, drawn;
    double *x;           /* [n, count] in [0, 1], or the number of a choice */
    const double *score; /* [n] */
    int *sample;         /* [drawn] of the tree; a node has a part of it, next to each other */
    entry *entry;        /* [drawn] */
    side *box;           /* [drawn, count] of the leaves */
    double *leaf;        /* [drawn] their scores */
    int leaves;
    border *border; /* [2 drawn] */
} forest;

static bool is_category(const forest *f, int parameter) {
    return f->space->parameter[parameter].kind == BM_PARAMETER_CATEGORICAL;
}

static double place(const forest *f, int sample, int parameter) {
    return f->x[sample * f->space->count + parameter];
}

/* ---- a tree ----------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b) {
    const entry *x = a, *y = b;
    const int order = (x->key > y->key) - (x->key < y->key);
    return order ? order : (x->sample > y->sample) - (x->sample < y->sample);
}

/* Choices go in the order of their mean scores: the best cut of a set in two is then a cut of that order (Fisher
 * 1958). */
static void fill_entries(forest *f, const int *sample, int count, int parameter) {
    double sum[BM_PARAMETER_CHOICES] = {0};
    int seen[BM_PARAMETER_CHOICES] = {0};
    const bool category = is_category(f, parameter);
    for (int i = 0; i < count && category; i++) {
        const int choice = (int)place(f, sample[i], parameter);
        sum[choice] += f->score[sample[i]];
        seen[choice]++;
    }
    for (int i = 0; i < count; i++) {
        const double at = place(f, sample[i], parameter);
        f->entry[i] = (entry){category ? sum[(int)at] / seen[(int)at] : at, f->score[sample[i]], sample[i]};
    }
    qsort(f->entry, (size_t)count, sizeof *f->entry, by_key);
}

/* The choices of the first part; those that no sample has go along with the part that comes first. */
static uint64_t first_choices(const forest *f, int count, int parameter, double at) {
    uint64_t second = 0;
    for (int i = 0; i < count; i++) {
        second |= f->entry[i].key > at ? (uint64_t)1 << (int)place(f, f->entry[i].sample, parameter) : 0;
    }
    return ~second;
}

/* The cut after which the squares about the two means are least. */
static void try_parameter(forest *f, const int *sample, int count, int parameter, cut *best) {
    double total = 0, before = 0;
    fill_entries(f, sample, count, parameter);
    for (int i = 0; i < count; i++) {
        total += f->entry[i].score;
    }
    for (int i = 0; i + 1 < count; i++) {
        before += f->entry[i].score;
        if (!(f->entry[i].key < f->entry[i + 1].key)) {
            continue;
        }
        const double left = i + 1, right = count - left, after = total - before;
        const double gain = before * before / left + after * after / right - total * total / count;
        if (gain > best->gain) {
            const double at = (f->entry[i].key + f->entry[i + 1].key) / 2;
            best->parameter = parameter;
            best->gain = gain;
            best->at = at < f->entry[i + 1].key ? at : f->entry[i].key;
            best->choices = is_category(f, parameter) ? first_choices(f, count, parameter, best->at) : 0;
        }
    }
}

static bool goes_first(const forest *f, const cut *c, int sample) {
    const double at = place(f, sample, c->parameter);
    return is_category(f, c->parameter) ? c->choices >> (int)at & 1 : at <= c->at;
}

static void keep_leaf(forest *f, const int *sample, int count, const side *box) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
        sum += f->score[sample[i]];
    }
    memcpy(&f->box[f->leaves * f->space->count], box, (size_t)f->space->count * sizeof *box);
    f->leaf[f->leaves++] = sum / count;
}

/* box is as it was before when it returns. Gains of rounding do not cut. */
static void grow(forest *f, int *sample, int count, side *box, double least_gain) {
    cut best = {.parameter = -1, .gain = least_gain};
    for (int j = 0; j < f->space->count && count > 1; j++) {
        try_parameter(f, sample, count, j, &best);
    }
    if (best.parameter < 0) {
        keep_leaf(f, sample, count, box);
        return;
    }
    int first = 0;
    for (int i = 0; i < count; i++) {
        if (goes_first(f, &best, sample[i])) {
            const int moved = sample[i];
            sample[i] = sample[first];
            sample[first++] = moved;
        }
    }
    const side whole = box[best.parameter];
    side *part = &box[best.parameter];
    part->high = best.at;
    part->choices = whole.choices & best.choices;
    grow(f, sample, first, box, least_gain);
    *part = whole;
    part->low = best.at;
    part->choices = whole.choices & ~best.choices;
    grow(f, sample + first, count - first, box, least_gain);
    *part = whole;
}

static void grow_tree(forest *f, bm_rng *rng) {
    side box[BM_PARAMETERS];
    double squares = 0;
    for (int i = 0; i < f->drawn; i++) {
        f->sample[i] = (int)bm_rng_integers(rng, 0, f->n);
        squares += f->score[f->sample[i]] * f->score[f->sample[i]];
    }
    for (int j = 0; j < f->space->count; j++) {
        const int choices = f->space->parameter[j].choices;
        const uint64_t all = choices < 64 ? ((uint64_t)1 << choices) - 1 : ~(uint64_t)0;
        box[j] = (side){0, 1, is_category(f, j) ? all : 0};
    }
    f->leaves = 0;
    grow(f, f->sample, f->drawn, box, 1e-12 * squares);
}

/* ---- its variance ----------------------------------------------------------------------------------------------- */

static int count_choices(uint64_t choices) {
    int count = 0;
    for (; choices; choices &= choices - 1) {
        count++;
    }
    return count;
}

static double width(const forest *f, int leaf, int parameter) {
    const side *s = &f->box[leaf * f->space->count + parameter];
    return is_category(f, parameter) ? (double)count_choices(s->choices) / f->space->parameter[parameter].choices
                                     : s->high - s->low;
}

/* The volume of a leaf in all directions but one; -1: in all. */
static double size_without(const forest *f, int leaf, int parameter) {
    double size = 1;
    for (int j = 0; j < f->space->count; j++) {
        size *= j == parameter ? 1 : width(f, leaf, j);
    }
    return size;
}

static int by_place(const void *a, const void *b) {
    const border *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Sweeps over the borders: between two of them the mean is the sum of the jumps so far. */
static double variance_of_number(forest *f, int parameter, double mean) {
    int borders = 0;
    for (int k = 0; k < f->leaves; k++) {
        const side *s = &f->box[k * f->space->count + parameter];
        const double weight = size_without(f, k, parameter) * f->leaf[k];
        f->border[borders++] = (border){s->low, weight};
        f->border[borders++] = (border){s->high, -weight};
    }
    qsort(f->border, (size_t)borders, sizeof *f->border, by_place);
    double level = 0, sum = 0;
    for (int i = 0; i + 1 < borders; i++) {
        level += f->border[i].jump;
        sum += (f->border[i + 1].at - f->border[i].at) * (level - mean) * (level - mean);
    }
    return sum;
}

static double variance_of_category(const forest *f, int parameter, double mean) {
    double level[BM_PARAMETER_CHOICES] = {0}, sum = 0;
    const int choices = f->space->parameter[parameter].choices;
    for (int k = 0; k < f->leaves; k++) {
        const double weight = size_without(f, k, parameter) * f->leaf[k];
        for (int c = 0; c < choices; c++) {
            level[c] += f->box[k * f->space->count + parameter].choices >> c & 1 ? weight : 0;
        }
    }
    for (int c = 0; c < choices; c++) {
        sum += (level[c] - mean) * (level[c] - mean) / choices;
    }
    return sum;
}

/* Adds the tree's shares; false: it does not vary. */
static bool add_tree(forest *f, bm_importance *importance) {
    double mean = 0, variance = 0;
    for (int k = 0; k < f->leaves; k++) {
        mean += size_without(f, k, -1) * f->leaf[k];
    }
    for (int k = 0; k < f->leaves; k++) {
        variance += size_without(f, k, -1) * (f->leaf[k] - mean) * (f->leaf[k] - mean);
    }
    if (f->leaves < 2 || !(variance > 0)) {
        return false;
    }
    for (int j = 0; j < f->space->count; j++) {
        importance->share[j] +=
            (is_category(f, j) ? variance_of_category(f, j, mean) : variance_of_number(f, j, mean)) / variance;
    }
    return true;
}

/* ---- the forest ------------------------------------------------------------------------------------------------- */

static void fill(forest *f, const double *const *value) {
    for (int i = 0; i < f->n; i++) {
        for (int j = 0; j < f->space->count; j++) {
            const bm_parameter *p = &f->space->parameter[j];
            const double at = isnan(value[i][j]) ? bm_parameter_from_unit(p, 0.5) : value[i][j];
            f->x[i * f->space->count + j] =
                p->kind == BM_PARAMETER_CATEGORICAL ? fmin(fmax(at, 0), p->choices - 1) : bm_parameter_to_unit(p, at);
        }
    }
}

bm_status bm_importance_find(bm_importance *importance, const bm_search_space *space, int n, const double *const *value,
                             const double *score, uint64_t seed, bm_error *error) {
    bm_arena arena = {0};
    const int drawn = n < BM_IMPORTANCE_SAMPLES ? n : BM_IMPORTANCE_SAMPLES;
    *importance = (bm_importance){.known = false};
    if (n < BM_IMPORTANCE_LEAST || space->count == 0) {
        return BM_OK;
    }
    forest f = {.space = space, .n = n, .drawn = drawn, .score = score};
    f.x = bm_arena_alloc(&arena, (size_t)n, (size_t)space->count * sizeof *f.x);
    f.sample = BM_NEW(&arena, int, drawn);
    f.entry = BM_NEW(&arena, entry, drawn);
    f.box = bm_arena_alloc(&arena, (size_t)drawn, (size_t)space->count * sizeof *f.box);
    f.leaf = BM_NEW(&arena, double, drawn);
    f.border = BM_NEW(&arena, border, 2 * drawn);
    const bm_status status = bm_arena_check(&arena, "the importance of parameters", error);
    if (status == BM_OK) {
        fill(&f, value);
        int trees = 0;
        bm_rng rng = bm_rng_seeded(seed);
        for (int t = 0; t < BM_IMPORTANCE_TREES; t++) {
            grow_tree(&f, &rng);
            trees += add_tree(&f, importance);
        }
        importance->known = trees > 0;
        importance->together = trees > 0;
        for (int j = 0; j < space->count && trees > 0; j++) {
            importance->share[j] /= trees;
            importance->together -= importance->share[j];
        }
        importance->together = fmax(0, importance->together);
    }
    bm_arena_free(&arena);
    return status;
}
