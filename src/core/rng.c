/* Seeding, and the draws that need more than a line. The order and number of the raw draws are part of the contract:
 * they are those of NumPy 1.24, so that a generator shared by several kinds of draws stays in step with NumPy's.
 *
 * M. E. O'Neill 2014, "PCG: a family of simple fast space-efficient statistically good algorithms"; her seed_seq_fe,
 * 2015; D. Lemire 2019, "Fast random integer generation in an interval"; G. Marsaglia and W. W. Tsang 2000, "The
 * ziggurat method for generating random variables". */
#include "core/rng.h"

#include <math.h>
#include <stdbool.h>

#include "core/rng_ziggurat.h"

/* ---- SeedSequence: a pool of four words in which every word of the seed reaches every other ---- */

enum { POOL_WORDS = 4, ENTROPY_WORDS = POOL_WORDS + BM_SEED_DEPTH };

static uint32_t hash_word(uint32_t word, uint32_t *constant, uint32_t multiplier) {
    word ^= *constant;
    *constant *= multiplier;
    word *= *constant;
    return word ^ (word >> 16);
}

static void mix_into(uint32_t *pool_word, uint32_t source, uint32_t *constant) {
    const uint32_t mixed = 0xca01f9ddu * *pool_word - 0x4973f715u * hash_word(source, constant, 0x931e8875u);
    *pool_word = mixed ^ (mixed >> 16);
}

/* The words of the entropy, padded with zeros to the pool's size so that no child's words can be those of another root,
 * and of the spawn key. */
static size_t seed_words(const bm_seed *seed, uint32_t words[ENTROPY_WORDS]) {
    words[0] = (uint32_t)seed->entropy;
    words[1] = (uint32_t)(seed->entropy >> 32);
    words[2] = words[3] = 0;
    for (size_t i = 0; i < seed->depth; i++) {
        words[POOL_WORDS + i] = seed->spawn_key[i];
    }
    return POOL_WORDS + seed->depth;
}

/* SeedSequence.generate_state(count, uint64) */
static void generate_state(const bm_seed *seed, size_t count, uint64_t *generated) {
    uint32_t words[ENTROPY_WORDS], pool[POOL_WORDS];
    const size_t n = seed_words(seed, words);
    uint32_t constant = 0x43b0d7e5u;
    for (size_t i = 0; i < POOL_WORDS; i++) {
        pool[i] = hash_word(words[i], &constant, 0x931e8875u);
    }
    for (size_t from = 0; from < POOL_WORDS; from++) {
        for (size_t to = 0; to < POOL_WORDS; to++) {
            if (from != to) {
                mix_into(&pool[to], pool[from], &constant);
            }
        }
    }
    for (size_t from = POOL_WORDS; from < n; from++) {
        for (size_t to = 0; to < POOL_WORDS; to++) {
            mix_into(&pool[to], words[from], &constant);
        }
    }
    constant = 0x8b51f9ddu;
    for (size_t i = 0; i < count; i++) {
        const uint64_t low = hash_word(pool[2 * i % POOL_WORDS], &constant, 0x58f38dedu);
        const uint64_t high = hash_word(pool[(2 * i + 1) % POOL_WORDS], &constant, 0x58f38dedu);
        generated[i] = high << 32 | low;
    }
}

bm_seed bm_seed_of(uint64_t entropy) {
    return (bm_seed){.entropy = entropy};
}

bm_seed bm_seed_child(const bm_seed *parent, uint32_t index) {
    bm_seed child = *parent;
    child.children = 0;
    if (child.depth == BM_SEED_DEPTH) {
        uint64_t entropy;
        generate_state(parent, 1, &entropy);
        child = bm_seed_of(entropy);
    }
    child.spawn_key[child.depth++] = index;
    return child;
}

bm_seed bm_seed_spawn(bm_seed *parent) {
    return bm_seed_child(parent, parent->children++);
}

/* pcg_setseq_128_srandom: the increment must be odd, the start is one step beyond the seed. */
bm_rng bm_rng_from(const bm_seed *seed) {
    uint64_t start[4]; /* state high, low; sequence high, low */
    generate_state(seed, 4, start);
    const bm_u128 inc = (((bm_u128)start[2] << 64 | start[3]) << 1) | 1;
    const bm_u128 state = ((bm_u128)start[0] << 64 | start[1]) + inc;
    bm_rng rng = {.state_high = (uint64_t)(state >> 64),
                  .state_low = (uint64_t)state,
                  .inc_high = (uint64_t)(inc >> 64),
                  .inc_low = (uint64_t)inc};
    (void)bm_rng_uint64(&rng);
    return rng;
}

bm_rng bm_rng_seeded(uint64_t entropy) {
    const bm_seed seed = bm_seed_of(entropy);
    return bm_rng_from(&seed);
}

/* ---- bounded integers: Lemire's multiplication, which rejects the few draws that would favour a value ---- */

/* 0 <= x <= last, last < 2^32 - 1 */
static uint32_t bounded_uint32(bm_rng *rng, uint32_t last) {
    const uint32_t n = last + 1;
    uint64_t product = (uint64_t)bm_rng_uint32(rng) * n;
    if ((uint32_t)product < n) {
        const uint32_t threshold = -n % n; /* 2^32 mod n; a division, therefore only now */
        while ((uint32_t)product < threshold) {
            product = (uint64_t)bm_rng_uint32(rng) * n;
        }
    }
    return (uint32_t)(product >> 32);
}

/* 0 <= x <= last, last < 2^64 - 1 */
static uint64_t bounded_uint64(bm_rng *rng, uint64_t last) {
    const uint64_t n = last + 1;
    bm_u128 product = (bm_u128)bm_rng_uint64(rng) * n;
    if ((uint64_t)product < n) {
        const uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold) {
            product = (bm_u128)bm_rng_uint64(rng) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

int64_t bm_rng_integers(bm_rng *rng, int64_t low, int64_t high) {
    const uint64_t last = (uint64_t)high - (uint64_t)low - 1;
    uint64_t above_low;
    if (last == 0) {
        above_low = 0; /* nothing is drawn */
    } else if (last < UINT32_MAX) {
        above_low = bounded_uint32(rng, (uint32_t)last);
    } else if (last == UINT32_MAX) {
        above_low = bm_rng_uint32(rng);
    } else {
        above_low = bounded_uint64(rng, last);
    }
    return (int64_t)((uint64_t)low + above_low);
}

/* 0 <= x <= last by masking and rejecting, which is how NumPy shuffles */
static uint64_t masked_interval(bm_rng *rng, uint64_t last) {
    uint64_t mask = last;
    for (unsigned shift = 1; shift < 64; shift *= 2) {
        mask |= mask >> shift;
    }
    uint64_t x;
    do {
        x = (last <= UINT32_MAX ? bm_rng_uint32(rng) : bm_rng_uint64(rng)) & mask;
    } while (x > last);
    return x;
}

/* ---- draws made of several ---- */

/* The tail beyond r, Marsaglia 1964. NumPy takes 1 - U instead of U, which is never 0. */
static double normal_tail(bm_rng *rng, bool negative) {
    const double r = 3.6541528853610087963519472518;
    const double inverse_r = 0.27366123732975827203338247596;
    for (;;) {
        const double beyond = -inverse_r * log1p(-bm_rng_double(rng));
        const double y = -log1p(-bm_rng_double(rng));
        if (y + y > beyond * beyond) {
            return negative ? -(r + beyond) : r + beyond;
        }
    }
}

double bm_rng_normal(bm_rng *rng) {
    for (;;) {
        const uint64_t bits = bm_rng_uint64(rng);
        const size_t strip = bits & 0xff;
        const int64_t position = (int64_t)(bits >> 9 & 0xfffffffffffffu);
        const double sign = (double)(1 - (int)(bits >> 7 & 2)); /* a branch would be mispredicted half the time */
        const double x = sign * ((double)position * ziggurat_width[strip]);
        if (position < ziggurat_inside[strip]) {
            return x; /* 99.3 % of the draws */
        }
        if (strip == 0) {
            return normal_tail(rng, position >> 8 & 1); /* not bit 8 of bits: NumPy's choice */
        }
        const double top = ziggurat_height[strip - 1], bottom = ziggurat_height[strip];
        if ((top - bottom) * bm_rng_double(rng) + bottom < exp(-0.5 * x * x)) {
            return x;
        }
    }
}

/* One uniform, looked up in the cumulative sum divided by its last element. */
size_t bm_rng_choice(bm_rng *rng, size_t n, const double *p) {
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        total += p[i];
    }
    const double u = bm_rng_double(rng);
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        sum += p[i];
        if (sum / total > u) {
            return i;
        }
    }
    return n - 1;
}

/* Fisher and Yates, from the end. */
void bm_rng_shuffle(bm_rng *rng, size_t n, int64_t *x) {
    for (size_t i = n; i-- > 1;) {
        const size_t j = masked_interval(rng, i);
        const int64_t swapped = x[i];
        x[i] = x[j];
        x[j] = swapped;
    }
}

void bm_rng_permutation(bm_rng *rng, size_t n, int64_t *x) {
    for (size_t i = 0; i < n; i++) {
        x[i] = (int64_t)i;
    }
    bm_rng_shuffle(rng, n, x);
}
