/* Scrambled Halton points: they fill the space more evenly than draws do, however many there are. Coordinate i of point
 * n is n written in the i-th prime's base, mirrored at the point; each digit goes through a permutation of its own,
 * drawn from the seed, which takes away the stripes that large bases have. Halton 1960; Owen 2017, "A randomized Halton
 * algorithm in R". */
#include "tune/sampler.h"

#include <math.h>

static const int prime[] = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,  47,  53,
                            59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103, 107, 109, 113, 127, 131,
                            137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223,
                            227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};
_Static_assert(sizeof prime / sizeof prime[0] == BM_PARAMETERS, "a prime for every parameter");

typedef struct {
    int64_t *permutation[BM_PARAMETERS]; /* [digits, prime] */
    int digits[BM_PARAMETERS];           /* as many as a double holds */
} halton;

static int digits_of(int base) {
    return (int)ceil(53 * log(2) / log(base));
}

/* A parameter's permutations do not depend on which other parameters there are, but for its place among them. */
static bm_status create(bm_sampler *sampler, bm_error *error) {
    halton *h = sampler->self = BM_NEW(&sampler->arena, halton, 1);
    for (int i = 0; h && i < sampler->space->count; i++) {
        const size_t base = (size_t)prime[i];
        h->digits[i] = digits_of(prime[i]);
        h->permutation[i] = BM_NEW(&sampler->arena, int64_t, (size_t)h->digits[i] * base);
        bm_rng rng = bm_sampler_table_rng(sampler, (uint32_t)i);
        for (size_t digit = 0; h->permutation[i] && digit < (size_t)h->digits[i]; digit++) {
            bm_rng_permutation(&rng, base, h->permutation[i] + digit * base);
        }
    }
    return bm_arena_check(&sampler->arena, "the Halton points", error);
}

/* Beyond the digits of the number the zeros are permuted as well: they place the point within its cell. */
static double coordinate(const halton *h, int i, int64_t number) {
    const int base = prime[i];
    const double largest_below_1 = 1 - 0x1p-53;
    double x = 0, place = 1.0 / base;
    for (int digit = 0; digit < h->digits[i]; digit++) {
        x += place * (double)h->permutation[i][digit * base + number % base];
        number /= base;
        place /= base;
    }
    return fmin(x, largest_below_1);
}

static void sample(const bm_sampler *sampler, const bm_trials *trials, int64_t number, double *value) {
    (void)trials;
    for (int i = 0; i < sampler->space->count; i++) {
        value[i] = bm_parameter_from_unit(&sampler->space->parameter[i], coordinate(sampler->self, i, number));
    }
}

const bm_sampler_type bm_sampler_halton = {
    .name = "halton",
    .summary = "points that fill the space evenly, scrambled by the seed",
    .source = "Halton 1960; Owen 2017",
    .create = create,
    .sample = sample,
};
