#ifndef BM_CORE_ERROR_H
#define BM_CORE_ERROR_H

/* Status and error message. A function that can fail returns bm_status and fills a bm_error with one sentence
 * that names the thing and the remedy; nothing below src/cli prints or exits. */

typedef enum {
    BM_OK = 0,
    BM_FAILED,  /* the world said no: disk, memory, a damaged file; exit code 1 */
    BM_INVALID, /* the caller said something wrong: a name, a value, a shape; exit code 2 */
} bm_status;

typedef struct {
    char text[512]; /* one sentence without a final newline; cut, never overrun */
} bm_error;

/* Fills error (which may be NULL) and returns BM_FAILED, or BM_INVALID, so that a caller can `return bm_fail(...)`. */
__attribute__((format(printf, 2, 3))) bm_status bm_fail(bm_error *error, const char *format, ...);
__attribute__((format(printf, 2, 3))) bm_status bm_invalid(bm_error *error, const char *format, ...);

/* Returns from the calling function, with its status, when a call fails. For functions that have nothing to undo. */
#define BM_TRY(call)                                                                                                   \
    do {                                                                                                               \
        const bm_status status_of_call = (call);                                                                       \
        if (status_of_call != BM_OK) {                                                                                 \
            return status_of_call;                                                                                     \
        }                                                                                                              \
    } while (0)

#endif
