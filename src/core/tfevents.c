/* TensorBoard's event files: TFRecord framing around protocol buffers, encoded by hand because four messages of a few
 * fields are all it takes. From tensorflow/core/lib/io/record_writer.h, util/event.proto and framework/summary.proto:
 *
 *     record  = length uint64, masked crc32c of it uint32, Event [length], masked crc32c of that uint32; little-endian
 *     Event   = 1: wall_time double, 2: step int64, 3: file_version string or 5: Summary
 *     Summary = 1: Value, repeated;  Value = 1: tag string, 2: simple_value float */
#include "core/tfevents.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/io.h"

enum { VARINT = 0, FIXED_64 = 1, BYTES = 2, FIXED_32 = 5 }; /* protobuf's wire types */
enum { HEADER = 12, FOOTER = 4, LONGEST_VARINT = 10 };

#define KEY(field, wire_type) ((unsigned char)((field) << 3 | (wire_type)))

static unsigned char *put_little_endian(unsigned char *at, uint64_t number, int bytes) {
    for (int i = 0; i < bytes; i++) {
        *at++ = (unsigned char)(number >> 8 * i);
    }
    return at;
}

static unsigned char *put_varint(unsigned char *at, uint64_t number) { /* seven bits a byte, lowest first */
    for (; number >= 0x80; number >>= 7) {
        *at++ = (unsigned char)(number | 0x80);
    }
    *at++ = (unsigned char)number;
    return at;
}

static unsigned char *put_double(unsigned char *at, unsigned char key, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    *at++ = key;
    return put_little_endian(at, bits, 8);
}

static unsigned char *put_float(unsigned char *at, unsigned char key, float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    *at++ = key;
    return put_little_endian(at, bits, 4);
}

static unsigned char *put_bytes(unsigned char *at, unsigned char key, const char *text, size_t length) {
    *at++ = key;
    at = put_varint(at, length);
    memcpy(at, text, length);
    return at + length;
}

static size_t varint_bytes(uint64_t number) {
    size_t bytes = 1;
    for (; number >= 0x80; number >>= 7) {
        bytes++;
    }
    return bytes;
}

static size_t value_bytes(const char *tag) {
    const size_t length = strlen(tag);
    return 1 + varint_bytes(length) + length + 1 + sizeof(float);
}

static bool fits_float(double value) { /* false for NAN */
    return fabs(value) <= (double)FLT_MAX;
}

/* Puts length and checksums around the event that ends at end; its first byte is record[HEADER]. */
static size_t frame(unsigned char *record, unsigned char *end) {
    const size_t length = (size_t)(end - record) - HEADER;
    put_little_endian(record, length, 8);
    const uint32_t crc[2] = {bm_crc32c(0, record, 8), bm_crc32c(0, record + HEADER, length)};
    uint32_t masked[2];
    for (int i = 0; i < 2; i++) { /* so that a checksum over checksums does not degenerate */
        masked[i] = (crc[i] >> 15 | crc[i] << 17) + 0xa282ead8u;
    }
    put_little_endian(record + 8, masked[0], 4);
    return (size_t)(put_little_endian(end, masked[1], FOOTER) - record);
}

size_t bm_tfevents_bound(const char *const *tags, int count) {
    size_t bytes = HEADER + FOOTER + 64;
    for (int i = 0; i < count; i++) {
        bytes += 1 + LONGEST_VARINT + value_bytes(tags[i]);
    }
    return bytes;
}

size_t bm_tfevents_version(unsigned char *record, double wall_time) {
    static const char version[] = "brain.Event:2";
    unsigned char *at = put_double(record + HEADER, KEY(1, FIXED_64), wall_time);
    return frame(record, put_bytes(at, KEY(3, BYTES), version, sizeof version - 1));
}

size_t bm_tfevents_scalars(unsigned char *record, double wall_time, int64_t step, const char *const *tags,
                           const double *values, int count) {
    size_t summary_bytes = 0;
    for (int i = 0; i < count; i++) {
        const size_t bytes = value_bytes(tags[i]);
        summary_bytes += fits_float(values[i]) ? 1 + varint_bytes(bytes) + bytes : 0;
    }
    unsigned char *at = put_double(record + HEADER, KEY(1, FIXED_64), wall_time);
    *at++ = KEY(2, VARINT);
    at = put_varint(at, (uint64_t)step);
    *at++ = KEY(5, BYTES);
    at = put_varint(at, summary_bytes);
    for (int i = 0; i < count; i++) {
        if (fits_float(values[i])) {
            *at++ = KEY(1, BYTES);
            at = put_varint(at, value_bytes(tags[i]));
            at = put_bytes(at, KEY(1, BYTES), tags[i], strlen(tags[i]));
            at = put_float(at, KEY(2, FIXED_32), (float)values[i]);
        }
    }
    return frame(record, at);
}
