/* CRC-32C: the cyclic redundancy check with Castagnoli's polynomial, bits reflected, as in RFC 3720 (iSCSI), section
 * 12.1. x86 processors since 2008 have an instruction for it; others take eight bytes at a time through eight tables
 * (Kounavis and Berry 2005, "slicing by 8"). */
#include "core/io.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

/* The checksum is linear over GF(2), so the entry for a byte is the sum (exclusive or) of the entries for its bits.
 * Those are the states of the shift register started with the polynomial 0x82f63b78 and run for 64 steps: slice s holds
 * steps 8 s to 8 s + 7, for a byte with s more bytes behind it, most significant bit first. */
#define BIT(n, bit, state) ((n) & (1u << (bit)) ? (state) : 0u)
#define ENTRY(n, a, b, c, d, e, f, g, h)                                                                               \
    (BIT(n, 7, a) ^ BIT(n, 6, b) ^ BIT(n, 5, c) ^ BIT(n, 4, d) ^ BIT(n, 3, e) ^ BIT(n, 2, f) ^ BIT(n, 1, g) ^          \
     BIT(n, 0, h))
#define ENTRIES_4(n, ...)                                                                                              \
    ENTRY((n), __VA_ARGS__), ENTRY((n) + 1u, __VA_ARGS__), ENTRY((n) + 2u, __VA_ARGS__), ENTRY((n) + 3u, __VA_ARGS__)
#define ENTRIES_16(n, ...)                                                                                             \
    ENTRIES_4((n), __VA_ARGS__), ENTRIES_4((n) + 4u, __VA_ARGS__), ENTRIES_4((n) + 8u, __VA_ARGS__),                   \
        ENTRIES_4((n) + 12u, __VA_ARGS__)
#define ENTRIES_64(n, ...)                                                                                             \
    ENTRIES_16((n), __VA_ARGS__), ENTRIES_16((n) + 16u, __VA_ARGS__), ENTRIES_16((n) + 32u, __VA_ARGS__),              \
        ENTRIES_16((n) + 48u, __VA_ARGS__)
#define SLICE(...)                                                                                                     \
    {                                                                                                                  \
        ENTRIES_64(0u, __VA_ARGS__), ENTRIES_64(64u, __VA_ARGS__), ENTRIES_64(128u, __VA_ARGS__),                      \
            ENTRIES_64(192u, __VA_ARGS__)                                                                              \
    }

static const uint32_t slice[8][256] = {
    SLICE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f, 0x8ad958cf, 0xc79a971f, 0xe13b70f7, 0xf26b8303),
    SLICE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181, 0x9d14c3b8, 0x4e8a61dc, 0x274530ee, 0x13a29877),
    SLICE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a, 0x38513ec5, 0x9edea41a, 0x4f6f520d, 0xa541927e),
    SLICE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d, 0xf64463e6, 0x7b2231f3, 0xbf672381, 0xdd45aab8),
    SLICE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3, 0xc5670b91, 0xe045beb0, 0x7022df58, 0x38116fac),
    SLICE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e, 0x6006181f, 0xb2f53777, 0xdb8ca0c3, 0xef306b19),
    SLICE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6, 0x4e2dfd53, 0xa5e0c5d1, 0xd0065990, 0x68032cc8),
    SLICE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4, 0x423b04da, 0x211d826d, 0x9278fa4e, 0x493c7d27),
};

static uint32_t portable(uint32_t state, const unsigned char *byte, size_t n) {
    for (; n >= 8; n -= 8, byte += 8) {
        state ^= (uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
        state = slice[7][state & 255] ^ slice[6][state >> 8 & 255] ^ slice[5][state >> 16 & 255] ^
                slice[4][state >> 24] ^ slice[3][byte[4]] ^ slice[2][byte[5]] ^ slice[1][byte[6]] ^ slice[0][byte[7]];
    }
    for (; n > 0; n--, byte++) {
        state = state >> 8 ^ slice[0][(state ^ *byte) & 255];
    }
    return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t instruction(uint32_t state, const unsigned char *byte, size_t n) {
    uint64_t wide = state;
    for (; n >= 8; n -= 8, byte += 8) {
        uint64_t word;
        memcpy(&word, byte, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    state = (uint32_t)wide;
    for (; n > 0; n--, byte++) {
        state = _mm_crc32_u8(state, *byte);
    }
    return state;
}
#endif

uint32_t bm_crc32c(uint32_t crc, const void *data, size_t bytes) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return ~instruction(~crc, data, bytes);
    }
#endif
    return ~portable(~crc, data, bytes);
}
