#ifndef BM_META_DIGITS_DATA_H
#define BM_META_DIGITS_DATA_H

/* The images of data/digits.csv.gz (data/README.md), written as C by tools/embed_digits.sh. */
#include <stdint.h>

enum { BM_DIGITS = 1797, BM_DIGIT_SIDE = 8, BM_DIGIT_PIXELS = BM_DIGIT_SIDE * BM_DIGIT_SIDE, BM_DIGIT_WHITE = 16 };

typedef struct {
    uint8_t digit;
    uint8_t pixel[BM_DIGIT_PIXELS]; /* 0 .. BM_DIGIT_WHITE, row by row from the top left */
} bm_digit;

extern const bm_digit bm_digits[BM_DIGITS]; /* by digit */

#endif
