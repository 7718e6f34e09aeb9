#ifndef BM_CORE_RNG_H
#define BM_CORE_RNG_H

/* NumPy's default generator, number for number: SeedSequence (O'Neill's seed_seq_fe, NumPy 1.17 and later) feeding
 * PCG64 (O'Neill 2014, PCG XSL RR 128/64), with the draws of numpy.random.Generator 1.24. Seeds that agree with NumPy
 * make environments whose episodes agree with Gymnasium. Nothing here can fail; ranges are the caller's to check. */
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 bm_u128;

enum { BM_SEED_DEPTH = 8 }; /* longest spawn key */

/* numpy.random.SeedSequence(entropy, spawn_key=...) */
typedef struct {
    uint64_t entropy;
    uint32_t spawn_key[BM_SEED_DEPTH];
    uint32_t depth;    /* words of spawn_key in use */
    uint32_t children; /* spawned so far */
} bm_seed;

/* 48 bytes of plain integers, so that state lists save it as uint64 [6]. */
typedef struct {
    uint64_t state_high, state_low, inc_high, inc_low;
    uint64_t has_uint32, uinteger; /* the unused half of the last 64-bit draw, as NumPy buffers it */
} bm_rng;

/* Children nest as in NumPy, BM_SEED_DEPTH deep. A child below that is still a stream of its own, but not NumPy's: what
 * its parent generates becomes the entropy of a new sequence. */
bm_seed bm_seed_of(uint64_t entropy);
bm_seed bm_seed_spawn(bm_seed *parent);                       /* the next child, as SeedSequence.spawn(1)[0] */
bm_seed bm_seed_child(const bm_seed *parent, uint32_t index); /* child by number; the parent does not change */

bm_rng bm_rng_from(const bm_seed *seed); /* Generator(PCG64(seed)) */
bm_rng bm_rng_seeded(uint64_t entropy);  /* default_rng(entropy) */

static inline uint64_t bm_rng_uint64(bm_rng *rng);
static inline uint32_t bm_rng_uint32(bm_rng *rng);                         /* low half first, high half buffered */
static inline double bm_rng_double(bm_rng *rng);                           /* random(): [0, 1), 53 bits */
static inline float bm_rng_float(bm_rng *rng);                             /* random(dtype=float32): [0, 1), 24 bits */
static inline double bm_rng_uniform(bm_rng *rng, double low, double high); /* uniform(low, high) */
int64_t bm_rng_integers(bm_rng *rng, int64_t low, int64_t high);           /* integers(low, high): low <= x < high */
double bm_rng_normal(bm_rng *rng);                                         /* standard_normal() */
size_t bm_rng_choice(bm_rng *rng, size_t n, const double *p);              /* choice(n, p=p); p [n] sums to 1, n > 0 */
void bm_rng_shuffle(bm_rng *rng, size_t n, int64_t *x);                    /* shuffle(x), in place */
void bm_rng_permutation(bm_rng *rng, size_t n, int64_t *x);                /* x = permutation(n) */

/* The draws that hot loops make, inline. */

#define BM_PCG_MULTIPLIER (((bm_u128)0x2360ed051fc65da4u << 64) | 0x4385df649fccf645u)

static inline uint64_t bm_rng_uint64(bm_rng *rng) {
    const bm_u128 before = ((bm_u128)rng->state_high << 64) | rng->state_low;
    const bm_u128 state = before * BM_PCG_MULTIPLIER + (((bm_u128)rng->inc_high << 64) | rng->inc_low);
    rng->state_high = (uint64_t)(state >> 64);
    rng->state_low = (uint64_t)state;
    const uint64_t folded = rng->state_high ^ rng->state_low;
    const unsigned rotation = (unsigned)(rng->state_high >> 58);
    return (folded >> rotation) | (folded << (-rotation & 63));
}

static inline uint32_t bm_rng_uint32(bm_rng *rng) {
    if (rng->has_uint32) {
        rng->has_uint32 = 0;
        return (uint32_t)rng->uinteger;
    }
    const uint64_t both = bm_rng_uint64(rng);
    rng->has_uint32 = 1;
    rng->uinteger = both >> 32;
    return (uint32_t)both;
}

static inline double bm_rng_double(bm_rng *rng) {
    return (double)(int64_t)(bm_rng_uint64(rng) >> 11) * 0x1p-53;
}

static inline float bm_rng_float(bm_rng *rng) {
    return (float)(bm_rng_uint32(rng) >> 8) * 0x1p-24f;
}

static inline double bm_rng_uniform(bm_rng *rng, double low, double high) {
    return low + (high - low) * bm_rng_double(rng);
}

#endif
