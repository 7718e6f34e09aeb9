/* Error messages: one place that formats, so that no caller can overrun a buffer. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

static void fill(bm_error *error, const char *format, va_list arguments) {
    if (error) {
        vsnprintf(error->text, sizeof error->text, format, arguments);
    }
}

bm_status bm_fail(bm_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fill(error, format, arguments);
    va_end(arguments);
    return BM_FAILED;
}

bm_status bm_invalid(bm_error *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fill(error, format, arguments);
    va_end(arguments);
    return BM_INVALID;
}
