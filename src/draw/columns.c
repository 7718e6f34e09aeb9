/* Which characters take two columns or none is decided by ranges, as terminals roughly do (Unicode Standard Annex 11);
 * nothing is asked of the locale. Bytes in order of weight compare like code points. */
#include "draw/columns.h"

/* Control characters are those below space, delete, and C1 (U+0080 .. U+009F). */
static uint32_t next_character(const char **text) {
    const unsigned char first = (unsigned char)*(*text)++;
    const int more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
    if (first < 0x80) {
        return first < ' ' || first == 0x7f ? ' ' : first;
    }
    uint32_t character = first;
    for (int i = 0; i < more; i++) {
        const unsigned char byte = (unsigned char)(*text)[i];
        if ((byte & 0xc0) != 0x80) {
            return '?';
        }
        character = character << 8 | byte;
    }
    *text += more;
    const uint32_t least = more == 1 ? 0xc280 : more == 2 ? 0xe0a080 : 0xf0908080; /* no longer than it must be */
    return more == 0 || character < least ? '?' : character < 0xc2a0 ? ' ' : character;
}

/* Two columns: East Asian characters and emoji, roughly all from U+2E80 on. */
bool bm_columns_wide(uint32_t character) {
    return character >= 0xe2ba80;
}

/* No column: combining marks, joiners, direction marks, variation selectors. */
static bool is_mark(uint32_t character) {
    return (character >= 0xcc80 && character <= 0xcdaf) || (character >= 0xe2808b && character <= 0xe2808f) ||
           (character >= 0xe280aa && character <= 0xe280ae) || (character >= 0xefb880 && character <= 0xefb88f);
}

void bm_columns_fill(const char *text, uint32_t *line, int columns) {
    int column = 0;
    while (*text && column < columns) {
        const uint32_t character = next_character(&text);
        if (is_mark(character)) {
            continue;
        }
        if (bm_columns_wide(character) && column + 1 == columns) {
            break;
        }
        line[column++] = character;
        if (bm_columns_wide(character)) {
            line[column++] = 0;
        }
    }
    while (column < columns) {
        line[column++] = ' ';
    }
}
