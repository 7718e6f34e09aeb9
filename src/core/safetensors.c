/* Reading and writing safetensors files. The reader trusts nothing it has not checked: a header that parses, sizes that
 * multiply without overflow, tensors that tile the data exactly.
 * Format: github.com/huggingface/safetensors, README "Format". */
#include "core/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors are copied as they lie in memory, which must be little-endian"
#endif

enum { LENGTH_BYTES = 8, DIGITS = 8, ALIGNMENT = 64 };

/* Every header we write begins so; the digits of its checksum follow. */
static const char opening[] = "{\"__metadata__\":{\"header_crc32c\":\"";
enum { OPENING_BYTES = sizeof opening - 1 };

static uint32_t header_checksum(const char *header, size_t bytes) {
    uint32_t crc = bm_crc32c(0, header, OPENING_BYTES);
    crc = bm_crc32c(crc, "00000000", DIGITS);
    return bm_crc32c(crc, header + OPENING_BYTES + DIGITS, bytes - OPENING_BYTES - DIGITS);
}

static void format_checksum(uint32_t crc, char digits[DIGITS + 1]) {
    snprintf(digits, DIGITS + 1, "%08" PRIx32, crc);
}

static bool is_checksum_key(const char *key) {
    return strcmp(key, "header_crc32c") == 0 || strcmp(key, "crc32c") == 0;
}

/* ---- saving */

static bm_status check_input(const bm_state *state, const cJSON *metadata, bm_error *error) {
    if (bm_state_find(state, "__metadata__")) {
        return bm_invalid(error, "no array can be saved under the name __metadata__");
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        if (!item->string || !cJSON_IsString(item)) {
            return bm_invalid(error, "metadata '%s' is not a string", item->string ? item->string : "");
        }
    }
    return bm_state_check(state, error);
}

/* Each adder returns false when memory ran out. */
static bool add_metadata(cJSON *tree, const bm_state *state, const cJSON *metadata) {
    uint32_t crc = 0;
    for (size_t i = 0; i < state->count; i++) {
        crc = bm_crc32c(crc, state->items[i].data, bm_array_bytes(&state->items[i]));
    }
    char digits[DIGITS + 1];
    format_checksum(crc, digits);
    cJSON *object = cJSON_AddObjectToObject(tree, "__metadata__");
    bool added = cJSON_AddStringToObject(object, "header_crc32c", "00000000") &&
                 cJSON_AddStringToObject(object, "crc32c", digits);
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        if (!is_checksum_key(item->string)) {
            added = added && cJSON_AddStringToObject(object, item->string, item->valuestring);
        }
    }
    return added;
}

static bool add_number(cJSON *list, size_t number) {
    cJSON *item = cJSON_CreateNumber((double)number);
    const bool added = cJSON_AddItemToArray(list, item);
    if (!added) {
        cJSON_Delete(item);
    }
    return added;
}

static bool add_array(cJSON *tree, const bm_array *array, size_t begin) {
    cJSON *entry = cJSON_AddObjectToObject(tree, array->name);
    bool added = cJSON_AddStringToObject(entry, "dtype", bm_dtype_name(array->dtype)) != NULL;
    cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
    for (int i = 0; i < array->dims; i++) {
        added = add_number(shape, array->shape[i]) && added;
    }
    cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
    return add_number(offsets, begin) && add_number(offsets, begin + bm_array_bytes(array)) && shape && added;
}

static char *print_header(const bm_state *state, const cJSON *metadata) { /* cJSON_free; NULL: no memory */
    cJSON *tree = cJSON_CreateObject();
    bool complete = add_metadata(tree, state, metadata);
    size_t begin = 0;
    for (size_t i = 0; i < state->count && complete; i++) {
        complete = add_array(tree, &state->items[i], begin);
        begin += bm_array_bytes(&state->items[i]);
    }
    char *text = complete ? cJSON_PrintUnformatted(tree) : NULL;
    cJSON_Delete(tree);
    return text;
}

/* The header's text with its padding and checksum, *header [*bytes], free(). */
static bm_status make_header(const bm_state *state, const cJSON *metadata, char **header, size_t *bytes,
                             bm_error *error) {
    char *text = print_header(state, metadata);
    const size_t length = text ? strlen(text) : 0;
    *bytes = (LENGTH_BYTES + length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - LENGTH_BYTES;
    *header = text ? malloc(*bytes) : NULL;
    if (*header) {
        memset(*header, ' ', *bytes);
        memcpy(*header, text, length);
    }
    cJSON_free(text);
    if (!*header) {
        return bm_fail(error, "not enough memory for the header of %zu arrays", state->count);
    }
    if (*bytes > BM_SAFETENSORS_HEADER_MAX) {
        free(*header);
        return bm_invalid(error, "a header of %zu bytes for %zu arrays and the metadata is above the limit of %d",
                          *bytes, state->count, (int)BM_SAFETENSORS_HEADER_MAX);
    }
    char digits[DIGITS + 1];
    format_checksum(header_checksum(*header, *bytes), digits);
    memcpy(*header + OPENING_BYTES, digits, DIGITS);
    return BM_OK;
}

bm_status bm_safetensors_save(const char *path, const bm_state *state, const cJSON *metadata, bm_error *error) {
    bm_status status = check_input(state, metadata, error);
    if (status != BM_OK) {
        return status;
    }
    char *header;
    size_t bytes;
    status = make_header(state, metadata, &header, &bytes, error);
    if (status != BM_OK) {
        return status;
    }
    bm_writer *writer;
    status = bm_writer_open(&writer, path, error);
    if (status == BM_OK) {
        const uint64_t length = bytes;
        bm_writer_put(writer, &length, LENGTH_BYTES);
        bm_writer_put(writer, header, bytes);
        for (size_t i = 0; i < state->count; i++) {
            bm_writer_put(writer, state->items[i].data, bm_array_bytes(&state->items[i]));
        }
        status = bm_writer_commit(writer, error);
    }
    free(header);
    return status;
}

/* ---- loading */

/* A file in memory, and one tensor as its header describes it. */
typedef struct {
    const char *path;
    const char *header;  /* [header_bytes] */
    unsigned char *data; /* [data_bytes] */
    size_t header_bytes, data_bytes;
} contents;

typedef struct {
    const char *name;
    bm_dtype dtype;
    int dims;
    size_t shape[BM_STATE_DIMS];
    size_t begin, end; /* offsets into the data */
    size_t position;   /* in the header */
} tensor;

static bm_status read_contents(const char *path, bm_arena *arena, contents *file, bm_error *error) {
    char *text;
    size_t bytes;
    const bm_status status = bm_read_file(path, PTRDIFF_MAX, arena, &text, &bytes, error);
    if (status != BM_OK) {
        return status;
    }
    if (bytes < LENGTH_BYTES) {
        return bm_fail(error, "%s is no safetensors file: %zu bytes are too few", path, bytes);
    }
    uint64_t length;
    memcpy(&length, text, LENGTH_BYTES);
    if (length > BM_SAFETENSORS_HEADER_MAX || length > bytes - LENGTH_BYTES) {
        return bm_fail(error, "%s is no safetensors file, or was cut short: a header of %" PRIu64 " bytes in %zu", path,
                       length, bytes);
    }
    file->path = path;
    file->header = text + LENGTH_BYTES;
    file->header_bytes = (size_t)length;
    file->data = (unsigned char *)text + LENGTH_BYTES + length;
    file->data_bytes = bytes - LENGTH_BYTES - (size_t)length;
    return BM_OK;
}

/* The header as a tree. cJSON reads past the end of some broken texts, so it gets a copy that ends in a 0. */
static bm_status parse_header(const contents *file, bm_arena *arena, cJSON **tree, bm_error *error) {
    char *text = bm_arena_alloc(arena, file->header_bytes + 1, 1);
    if (!text) {
        return bm_arena_check(arena, file->path, error);
    }
    memcpy(text, file->header, file->header_bytes);
    const char *end = text;
    *tree = text[0] == '{' ? cJSON_ParseWithLengthOpts(text, file->header_bytes + 1, &end, false) : NULL;
    const size_t parsed = (size_t)(end - text);
    if (!*tree || parsed + strspn(end, " ") != file->header_bytes) {
        return bm_fail(error, "%s: the header is not a JSON object (byte %zu)", file->path, parsed);
    }
    return BM_OK;
}

static bm_status check_header_checksum(const contents *file, const cJSON *metadata, bool foreign, bm_error *error) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, "header_crc32c");
    if (!item) {
        return foreign ? BM_OK : bm_fail(error, "%s has no checksums: it is damaged or was made elsewhere", file->path);
    }
    char digits[DIGITS + 1];
    if (file->header_bytes >= OPENING_BYTES + DIGITS && memcmp(file->header, opening, OPENING_BYTES) == 0) {
        format_checksum(header_checksum(file->header, file->header_bytes), digits);
        if (memcmp(file->header + OPENING_BYTES, digits, DIGITS) == 0) {
            return BM_OK;
        }
    }
    return bm_fail(error,
                   "%s is damaged: the header's checksum is wrong (remove header_crc32c and crc32c from its metadata "
                   "if another program rewrote the file)",
                   file->path);
}

static bm_status check_data_checksum(const contents *file, const cJSON *metadata, bool foreign, bm_error *error) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, "crc32c");
    if (!item) {
        return foreign ? BM_OK : bm_fail(error, "%s has no checksum of its tensors", file->path);
    }
    char digits[DIGITS + 1];
    format_checksum(bm_crc32c(0, file->data, file->data_bytes), digits);
    if (strcmp(item->valuestring, digits) == 0) {
        return BM_OK;
    }
    return bm_fail(error, "%s is damaged: its tensors have crc32c %s instead of %s", file->path, digits,
                   item->valuestring);
}

static bm_status take_metadata(const contents *file, cJSON *tree, bool foreign, cJSON **metadata, bm_error *error) {
    cJSON *item = cJSON_GetObjectItemCaseSensitive(tree, "__metadata__");
    *metadata = item ? cJSON_DetachItemViaPointer(tree, item) : cJSON_CreateObject();
    if (!cJSON_IsObject(*metadata)) {
        return bm_fail(error, "%s: __metadata__ is not an object", file->path);
    }
    cJSON_ArrayForEach(item, *metadata) {
        if (!cJSON_IsString(item)) {
            return bm_fail(error, "%s: metadata '%s' is not a string", file->path, item->string);
        }
    }
    const bm_status status = check_header_checksum(file, *metadata, foreign, error);
    return status == BM_OK ? check_data_checksum(file, *metadata, foreign, error) : status;
}

static bool whole_number(const cJSON *item, size_t *number) {
    const double largest = 9007199254740992.0; /* 2^53: up to there a double counts exactly */
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= largest)) {
        return false;
    }
    *number = (size_t)item->valuedouble;
    return (double)*number == item->valuedouble;
}

static bool dtype_named(const cJSON *item, bm_dtype *dtype) {
    for (bm_dtype known = BM_F32; cJSON_IsString(item) && known <= BM_U64; known++) {
        if (strcmp(item->valuestring, bm_dtype_name(known)) == 0) {
            *dtype = known;
            return true;
        }
    }
    return false;
}

/* shape into the tensor, and the bytes it takes; false: not a list of at most BM_STATE_DIMS whole numbers, or absurdly
 * large. */
static bool read_shape(const cJSON *list, tensor *result, size_t *bytes) {
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > BM_STATE_DIMS) {
        return false;
    }
    *bytes = bm_dtype_bytes(result->dtype);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        size_t *length = &result->shape[result->dims++];
        if (!whole_number(item, length) || (*length > 0 && *bytes > SIZE_MAX / *length)) {
            return false;
        }
        *bytes *= *length;
    }
    return true;
}

static bm_status read_tensor(const contents *file, const cJSON *entry, tensor *result, bm_error *error) {
    const char *name = result->name = entry->string;
    if (strlen(name) >= BM_STATE_NAME) {
        return bm_fail(error, "%s: the name of tensor '%s' is longer than %d bytes", file->path, name,
                       BM_STATE_NAME - 1);
    }
    if (!cJSON_IsObject(entry) || cJSON_GetArraySize(entry) != 3) {
        return bm_fail(error, "%s: tensor '%s' needs dtype, shape and data_offsets, and nothing else", file->path,
                       name);
    }
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    if (!dtype_named(dtype, &result->dtype)) {
        return bm_fail(error, "%s: tensor '%s' has type '%s', which is none of F32, F64, U8, I32, I64, U64", file->path,
                       name, cJSON_IsString(dtype) ? dtype->valuestring : "");
    }
    size_t bytes;
    if (!read_shape(cJSON_GetObjectItemCaseSensitive(entry, "shape"), result, &bytes)) {
        return bm_fail(error, "%s: the shape of tensor '%s' is not a list of at most %d lengths", file->path, name,
                       (int)BM_STATE_DIMS);
    }
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole_number(offsets->child, &result->begin) ||
        !whole_number(offsets->child->next, &result->end)) {
        return bm_fail(error, "%s: the data_offsets of tensor '%s' are not two whole numbers", file->path, name);
    }
    if (result->begin > result->end || result->end - result->begin != bytes) {
        return bm_fail(error, "%s: tensor '%s' takes %zu bytes, not those from %zu to %zu", file->path, name, bytes,
                       result->begin, result->end);
    }
    return BM_OK;
}

static int by_offset(const void *a, const void *b) {
    const tensor *first = a, *second = b;
    if (first->begin != second->begin) {
        return first->begin < second->begin ? -1 : 1;
    }
    if (first->end != second->end) {
        return first->end < second->end ? -1 : 1;
    }
    return first->position < second->position ? -1 : 1;
}

/* Tensors follow each other without overlap, without gap and to the end of the file. tensors [count], sorted by
 * offset. */
static bm_status check_tiling(const contents *file, const tensor *tensors, size_t count, bm_error *error) {
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (tensors[i].begin != end) {
            return bm_fail(error, "%s: tensor '%s' begins at byte %zu of the data instead of %zu", file->path,
                           tensors[i].name, tensors[i].begin, end);
        }
        end = tensors[i].end;
    }
    if (end != file->data_bytes) {
        return bm_fail(error, "%s was cut short or extended: %zu bytes of data instead of %zu", file->path,
                       file->data_bytes, end);
    }
    return BM_OK;
}

/* Adds the tensor, which lies inside the data, to the state; moved when the file does not align it for its type. */
static bm_status add_tensor(const contents *file, const tensor *item, bm_safetensors *result, bm_error *error) {
    const size_t bytes = item->end - item->begin;
    void *data = file->data + item->begin;
    if ((uintptr_t)data % bm_dtype_bytes(item->dtype) != 0) {
        data = bm_arena_alloc(&result->arena, bytes, 1);
        if (!data) {
            return bm_arena_check(&result->arena, file->path, error);
        }
        memcpy(data, file->data + item->begin, bytes);
    }
    bm_state_add(&result->state, item->name, item->dtype, data, item->dims, item->shape);
    return BM_OK;
}

static bm_status read_tensors(const contents *file, const cJSON *tree, bm_safetensors *result, bm_error *error) {
    tensor *tensors = BM_NEW(&result->arena, tensor, cJSON_GetArraySize(tree));
    bm_status status = bm_arena_check(&result->arena, file->path, error);
    size_t count = 0;
    for (const cJSON *entry = tree->child; entry && status == BM_OK; entry = entry->next) {
        tensors[count].position = count;
        status = read_tensor(file, entry, &tensors[count++], error);
    }
    if (status == BM_OK) {
        qsort(tensors, count, sizeof *tensors, by_offset);
        status = check_tiling(file, tensors, count, error);
    }
    for (size_t i = 0; i < count && status == BM_OK; i++) {
        status = add_tensor(file, &tensors[i], result, error);
    }
    bm_error reason;
    if (status == BM_OK && bm_state_check(&result->state, &reason) != BM_OK) { /* a name given twice, for one */
        status = bm_fail(error, "%s: %s", file->path, reason.text);
    }
    return status;
}

bm_status bm_safetensors_load(const char *path, bool foreign, bm_safetensors *file, bm_error *error) {
    *file = (bm_safetensors){0};
    contents loaded = {0};
    cJSON *tree = NULL;
    bm_status status = read_contents(path, &file->arena, &loaded, error);
    if (status == BM_OK) {
        status = parse_header(&loaded, &file->arena, &tree, error);
    }
    if (status == BM_OK) {
        status = take_metadata(&loaded, tree, foreign, &file->metadata, error);
    }
    if (status == BM_OK) {
        status = read_tensors(&loaded, tree, file, error);
    }
    cJSON_Delete(tree);
    if (status != BM_OK) {
        bm_safetensors_free(file);
    }
    return status;
}

void bm_safetensors_free(bm_safetensors *file) {
    cJSON_Delete(file->metadata);
    bm_state_free(&file->state);
    bm_arena_free(&file->arena);
    *file = (bm_safetensors){0};
}

/* ---- restoring */

static bool same_layout(const bm_array *a, const bm_array *b) {
    return a->dtype == b->dtype && a->dims == b->dims &&
           memcmp(a->shape, b->shape, (size_t)a->dims * sizeof *a->shape) == 0;
}

static void describe(const bm_array *array, char *text, size_t bytes) { /* "F32 [64,4]" */
    size_t used = (size_t)snprintf(text, bytes, "%s [", bm_dtype_name(array->dtype));
    for (int i = 0; i < array->dims && used < bytes; i++) {
        used += (size_t)snprintf(text + used, bytes - used, "%s%zu", i ? "," : "", array->shape[i]);
    }
    if (used < bytes) {
        snprintf(text + used, bytes - used, "]");
    }
}

bm_status bm_safetensors_restore(const bm_safetensors *file, const bm_state *target, bm_error *error) {
    const bm_status status = bm_state_check(target, error);
    if (status != BM_OK) {
        return status;
    }
    for (size_t i = 0; i < target->count; i++) {
        const bm_array *wanted = &target->items[i], *found = bm_state_find(&file->state, wanted->name);
        if (!found) {
            return bm_fail(error, "the file has no array '%s'", wanted->name);
        }
        if (!same_layout(wanted, found)) {
            char here[128], there[128];
            describe(wanted, here, sizeof here);
            describe(found, there, sizeof there);
            return bm_fail(error, "array '%s' is %s in the file and %s here", wanted->name, there, here);
        }
        double value;
        if (!bm_array_within(wanted, found->data, &value)) {
            return bm_fail(error, "the file is damaged: array '%s' holds %g, which is outside [%g, %g]", wanted->name,
                           isnan(value) ? (double)NAN : value, wanted->low, wanted->high);
        }
    }
    for (size_t i = 0; i < target->count; i++) {
        const size_t bytes = bm_array_bytes(&target->items[i]);
        if (bytes > 0) {
            memcpy(target->items[i].data, bm_state_find(&file->state, target->items[i].name)->data, bytes);
        }
    }
    return BM_OK;
}
