/* Compares the library with every file of reference numbers in a folder: golden [FOLDER], tests/golden by default. A
 * line for every file; at the end "N passed, M failed". Exit status 0 only if M is 0 and N is not. Every file runs in a
 * process of its own (Check's), so that a file that ends it is one failure. Families without a function are named and
 * not counted. */
#include "golden_files/golden.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 4096,
    WORDS = 2,
    IS_DOUBLE = sizeof(bm_real) == sizeof(double),
    TEXT_BYTES = 256,
    TIMEOUT_SECONDS = 120
};

/* ---- the running file ------------------------------------------------------------------------------------------- */

static golden_case running;
static const golden_family *running_family;
static struct {
    long compared;
    double error, limit; /* of the number that was furthest off, measured by its limit */
    char what[TEXT_BYTES];
} worst;

void golden_within(double error, double limit, const char *what, ...) {
    /* error / limit, with limits that may be 0 */
    const double here = error * worst.limit, before = worst.error * limit;
    const bool worse = isnan(error) || here > before || (error > limit && limit == 0) ||
                       (error == 0 && worst.error == 0 && limit > worst.limit);
    if (worst.compared++ == 0 || (worse && !isnan(worst.error))) {
        worst.error = error;
        worst.limit = limit;
        va_list arguments;
        va_start(arguments, what);
        vsnprintf(worst.what, sizeof worst.what, what, arguments);
        va_end(arguments);
    }
}

void golden_near(double got, double want, double tolerance, const char *what, ...) {
    char text[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, what);
    vsnprintf(text, sizeof text, what, arguments);
    va_end(arguments);
    const double error = got == want ? 0 : fabs(got - want) / fmax(1, fabs(want));
    golden_within(error, tolerance, "%s is %.17g instead of %.17g", text, got, want);
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* Formats the name and reads that tensor, which must have count values. */
static golden_tensor read_named(const golden_table *table, size_t count, char name[TEXT_BYTES], const char *format,
                                va_list arguments) {
    vsnprintf(name, TEXT_BYTES, format, arguments);
    const golden_tensor tensor = golden_get(table, "%s", name);
    ck_assert_msg(tensor.n == count, "%s has %zu values instead of %zu", name, tensor.n, count);
    return tensor;
}

void golden_near_tensor(const golden_table *table, size_t n, const bm_real *got, const char *name, ...) {
    char named[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor want = read_named(table, n, named, name, arguments);
    va_end(arguments);
    for (size_t i = 0; i < n; i++) {
        golden_near((double)got[i], want.value[i], running.tolerance, "%s[%zu]", named, i);
    }
}

void golden_near_scalar(const golden_table *table, double got, const char *name, ...) {
    char named[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor want = read_named(table, 1, named, name, arguments);
    va_end(arguments);
    golden_near(got, want.value[0], running.tolerance, "%s", named);
}

bm_real *golden_reals(const golden_table *table, size_t n, const char *name, ...) {
    char named[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor tensor = read_named(table, n, named, name, arguments);
    va_end(arguments);
    bm_real *value = GOLDEN_NEW(table->arena, bm_real, tensor.n);
    for (size_t i = 0; i < tensor.n; i++) {
        value[i] = (bm_real)tensor.value[i];
    }
    return value;
}

int32_t *golden_integers(const golden_table *table, size_t n, int below, const char *name, ...) {
    char named[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor tensor = read_named(table, n, named, name, arguments);
    va_end(arguments);
    int32_t *value = GOLDEN_NEW(table->arena, int32_t, tensor.n);
    for (size_t i = 0; i < tensor.n; i++) {
        ck_assert_msg(tensor.value[i] >= 0 && tensor.value[i] < below && rint(tensor.value[i]) == tensor.value[i],
                      "%s holds %g, which is none of 0 to %d", named, tensor.value[i], below - 1);
        value[i] = (int32_t)tensor.value[i];
    }
    return value;
}

uint8_t *golden_flags(const golden_table *table, size_t n, const char *name, ...) {
    char named[TEXT_BYTES];
    va_list arguments;
    va_start(arguments, name);
    const golden_tensor tensor = read_named(table, n, named, name, arguments);
    va_end(arguments);
    uint8_t *value = GOLDEN_NEW(table->arena, uint8_t, tensor.n);
    for (size_t i = 0; i < tensor.n; i++) {
        ck_assert_msg(tensor.value[i] == 0 || tensor.value[i] == 1, "%s holds %g, which is no flag", named,
                      tensor.value[i]);
        value[i] = tensor.value[i] == 1;
    }
    return value;
}

int golden_count(const golden_table *table, int row, const char *column) {
    const double value = golden_number(table, row, column);
    ck_assert_msg(value >= 0 && value < 1 << 23 && rint(value) == value, "row %d: %s is %s", row + 1, column,
                  golden_text(table, row, column));
    return (int)value;
}

void *golden_alloc(bm_arena *arena, size_t count, size_t size) {
    void *memory = bm_arena_alloc(arena, count, size);
    ck_assert_msg(memory != NULL, "not enough memory");
    return memory;
}

static const char *join(bm_arena *arena, const char *folder, const char *name) {
    const size_t bytes = strlen(folder) + strlen(name) + 2;
    char *path = GOLDEN_NEW(arena, char, bytes);
    snprintf(path, bytes, "%s/%s", folder, name);
    return path;
}

const char *golden_beside(const golden_case *file, const char *name) {
    return join(file->arena, join(file->arena, file->root, file->folder), name);
}

/* ---- families --------------------------------------------------------------------------------------------------- */

static const golden_family *const families[] = {
    golden_env_families,   golden_tabular_families, golden_trace_families, golden_nets_families,
    golden_optim_families, golden_rl_families,      golden_maml_families,  golden_rng_families,
};

/* Whether text is the pattern with some text for every *, the shortest that will do; that becomes word. */
static bool matches(const char *pattern, const char *text, char word[WORDS][TEXT_BYTES], int words) {
    for (; *pattern && *pattern != '*'; pattern++, text++) {
        if (*pattern != *text) {
            return false;
        }
    }
    if (!*pattern) {
        return !*text;
    }
    for (size_t n = 0; words < WORDS && n < TEXT_BYTES && n <= strlen(text); n++) {
        if (matches(pattern + 1, text + n, word, words + 1)) {
            memcpy(word[words], text, n);
            word[words][n] = '\0';
            return true;
        }
    }
    return false;
}

static const golden_family *family_of(const char *folder_and_name, char word[WORDS][TEXT_BYTES]) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        for (const golden_family *family = families[i]; family->pattern; family++) {
            if (matches(family->pattern, folder_and_name, word, 0)) {
                return family;
            }
        }
    }
    return NULL;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void print_line(const char *label, const char *result, const char *reason) {
    printf("%-44s %-6s %s\n", label, result, reason);
}

START_TEST(the_file_agrees) {
    running_family->compare(&running);
    ck_assert_msg(worst.compared > 0, "there is nothing to compare in it");
    ck_assert_msg(worst.error <= worst.limit, "%s: error %.2g of %.2g", worst.what, worst.error, worst.limit);
    char reason[TEXT_BYTES];
    snprintf(reason, sizeof reason, "largest error %.2g of %.2g, %ld numbers", worst.error, worst.limit,
             worst.compared);
    print_line(running.label, "ok", reason);
    bm_arena_free(running.arena);
}
END_TEST

/* Whether the file of running agrees. */
static bool passes(void) {
    Suite *suite = suite_create("golden");
    TCase *tcase = tcase_create("golden");
    tcase_set_timeout(tcase, TIMEOUT_SECONDS);
    tcase_add_test(tcase, the_file_agrees);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    fflush(stdout); /* or the child prints it again */
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    if (failed) {
        TestResult **results = srunner_failures(runner);
        print_line(running.label, "FAILED", tr_msg(results[0]));
        free(results);
    }
    srunner_free(runner);
    return failed == 0;
}

typedef struct {
    int passed, failed;
    char absent[TEXT_BYTES]; /* a family that the library does not have yet, and how many files of it there are */
    int absent_files;
} tally;

/* Names the family whose files have been counted, in one of the two builds. */
static void name_absent(tally *t) {
    if (t->absent_files > 0 && IS_DOUBLE) {
        printf("not yet: %s (files: %d)\n", t->absent, t->absent_files);
    }
    t->absent_files = 0;
}

/* Files whose names begin alike are a family. */
static void count_absent(const char *folder, const char *name, tally *t) {
    char family[TEXT_BYTES];
    snprintf(family, sizeof family, "%s/%.*s*", folder, (int)(2 + strcspn(name + 2, "_-.")), name);
    if (strcmp(t->absent, family) != 0) {
        name_absent(t);
        snprintf(t->absent, sizeof t->absent, "%s", family);
    }
    t->absent_files++;
}

static void run_file(const char *root, const char *folder, const char *name, tally *t) {
    char path[PATH_BYTES], word[WORDS][TEXT_BYTES] = {""};
    const char *const words[WORDS] = {word[0], word[1]}, *label = path + strlen(root) + 1;
    bm_arena arena = {0};
    if (snprintf(path, sizeof path, "%s/%s/%s", root, folder, name) >= PATH_BYTES) {
        print_line(name, "FAILED", "its path is too long");
        t->failed++;
        return;
    }
    running_family = family_of(label, word);
    if (!running_family || (running_family->exists && !running_family->exists(words))) {
        count_absent(folder, name, t);
        return;
    }
    name_absent(t);
    const double tolerance = IS_DOUBLE ? running_family->tolerance : running_family->single;
    if (!running_family->compare || (!IS_DOUBLE && tolerance == 0)) {
        return;
    }
    running = (golden_case){root, folder, label, path, words, tolerance, &arena};
    memset(&worst, 0, sizeof worst);
    if (passes()) {
        t->passed++;
    } else {
        t->failed++;
    }
}

static int is_table(const struct dirent *entry) {
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".csv") == 0;
}

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void run_folder(const char *root, const char *folder, tally *t) {
    char path[PATH_BYTES];
    struct dirent **file;
    snprintf(path, sizeof path, "%s/%s", root, folder);
    const int files = scandir(path, &file, is_table, alphasort);
    if (files < 0) {
        if (errno != ENOTDIR) {
            print_line(folder, "FAILED", strerror(errno));
            t->failed++;
        }
        return;
    }
    for (int i = 0; i < files; i++) {
        run_file(root, folder, file[i]->d_name, t);
        free(file[i]);
    }
    free(file);
    name_absent(t);
}

int main(int argc, char **argv) {
    const char *root = argc > 1 ? argv[1] : "tests/golden";
    tally t = {0};
    struct dirent **folder;
    const int folders = scandir(root, &folder, is_shown, alphasort);
    if (folders < 0) {
        fprintf(stderr, "golden: cannot read the folder %s: %s\n", root, strerror(errno));
        return EXIT_FAILURE;
    }
    for (int i = 0; i < folders; i++) {
        run_folder(root, folder[i]->d_name, &t);
        free(folder[i]);
    }
    free(folder);
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed == 0 && t.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
