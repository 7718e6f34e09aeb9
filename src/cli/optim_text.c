/* What bellman optim writes: rows of CSV, a table, JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/optim.h"

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

enum { ROW_BYTES = 1 << 16, NUMBER_BYTES = 32 };

struct bm_optim_csv {
    bm_writer *writer; /* NULL: standard output */
    bool with_value;
    size_t used;
    char row[ROW_BYTES];
};

static void flush(bm_optim_csv *csv) {
    if (csv->writer) {
        bm_writer_put(csv->writer, csv->row, csv->used);
    } else {
        fwrite(csv->row, 1, csv->used, stdout); /* whether it could be written, main looks */
    }
    csv->used = 0;
}

__attribute__((format(printf, 2, 3))) static void put(bm_optim_csv *csv, const char *format, ...) {
    va_list arguments;
    if (csv->used + BM_RACE_LABEL + NUMBER_BYTES > sizeof csv->row) {
        flush(csv);
    }
    va_start(arguments, format);
    csv->used += (size_t)vsnprintf(csv->row + csv->used, sizeof csv->row - csv->used, format, arguments);
    va_end(arguments);
}

bm_status bm_optim_csv_open(bm_optim_csv **csv, const char *path, int dims, bool with_value, bm_error *error) {
    *csv = NULL;
    if (!path) {
        return BM_OK;
    }
    bm_optim_csv *new = bm_cli_alloc(1, sizeof *new);
    const bm_status status = strcmp(path, "-") == 0 ? BM_OK : bm_writer_open(&new->writer, path, error);
    if (status != BM_OK) {
        free(new);
        return status;
    }
    new->with_value = with_value;
    put(new, "optimizer,step");
    for (int i = 0; i < dims; i++) {
        put(new, ",x%d", i);
    }
    put(new, with_value ? ",value\n" : "\n");
    *csv = new;
    return BM_OK;
}

void bm_optim_csv_row(bm_optim_csv *csv, const char *label, const bm_descent *descent) {
    if (!csv) {
        return;
    }
    put(csv, "%s,%" PRId64, label, descent->t);
    for (int i = 0; i < descent->setup.dims; i++) {
        put(csv, ",%.17g", descent->x[i]);
    }
    if (csv->with_value) {
        put(csv, ",%.17g", descent->value);
    }
    put(csv, "\n");
}

bm_status bm_optim_csv_close(bm_optim_csv *csv, bm_error *error) {
    if (!csv) {
        return BM_OK;
    }
    flush(csv);
    const bm_status status = csv->writer ? bm_writer_commit(csv->writer, error) : BM_OK;
    free(csv);
    return status;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const char *number(double value, char text[NUMBER_BYTES]) {
    if (isnan(value)) {
        return "-";
    }
    snprintf(text, NUMBER_BYTES, "%.6g", value);
    return text;
}

static void print_place(FILE *stream, const double *x, int dims) {
    enum { SHOWN = 4 };
    fputc('(', stream);
    for (int i = 0; i < dims && i < SHOWN; i++) {
        fprintf(stream, "%s%.6g", i ? ", " : "", x[i]);
    }
    fputs(dims > SHOWN ? ", ...)" : ")", stream);
}

void bm_optim_print_table(FILE *stream, const bm_race *race) {
    int width = (int)strlen("optimizer");
    for (int i = 0; i < race->racers; i++) {
        const int length = (int)strlen(race->racer[i].label);
        width = length > width ? length : width;
    }
    const bool known = isfinite(race->objective->minimum_value);
    fprintf(stream, "%s from ", race->objective->text);
    print_place(stream, race->start, race->dims);
    fprintf(stream, ", %" PRId64 " step%s\n", race->base.total_steps, race->base.total_steps == 1 ? "" : "s");
    char within[64] = "";
    if (known) {
        snprintf(within, sizeof within, "  within %g at", race->tolerance);
    }
    fprintf(stream, "%-*s  %10s  %12s  %12s%s  end\n", width, "optimizer", "lr", "value", "distance", within);
    for (int i = 0; i < race->racers; i++) {
        const bm_racer *r = &race->racer[i];
        char value[NUMBER_BYTES], distance[NUMBER_BYTES], reached[NUMBER_BYTES] = "-";
        if (r->reached >= 0) {
            snprintf(reached, sizeof reached, "step %" PRId64, r->reached);
        }
        fprintf(stream, "%-*s  %9g%s  %12s  %12s", width, r->label, r->method.lr.initial,
                r->method.lr.linear ? "~" : " ", number(r->descent->value, value),
                number(bm_race_distance(race, i), distance));
        if (known) {
            fprintf(stream, "  %*s", (int)strlen(within) - 2, reached);
        }
        fputs("  ", stream);
        print_place(stream, r->descent->x, race->dims);
        if (r->over) {
            fprintf(stream, "  diverged at step %" PRId64, r->descent->t + 1);
        } else if (r->descent->t < race->base.total_steps) { /* interrupted, or closed */
            fprintf(stream, "  stopped at step %" PRId64, r->descent->t);
        }
        fputc('\n', stream);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void add_setting(void *context, const char *key, const bm_option *row, const void *field) {
    char text[BM_OPTION_TEXT_BYTES];
    bm_option_format(row, field, text, sizeof text);
    if (row->type == BM_SWITCH) {
        cJSON_AddBoolToObject(context, key, strcmp(text, "true") == 0);
    } else if (row->type == BM_REAL || row->type == BM_INTEGER) {
        cJSON_AddNumberToObject(context, key, strtod(text, NULL));
    } else {
        cJSON_AddStringToObject(context, key, text);
    }
}

static cJSON *racer_json(const bm_race *race, int index) {
    const bm_racer *r = &race->racer[index];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "optimizer", r->label);
    bm_cli_json_number(object, "lr", r->method.lr.initial);
    bm_options_each(bm_method_options(&r->method), r->method.choice.config, add_setting,
                    cJSON_AddObjectToObject(object, "settings"));
    cJSON_AddNumberToObject(object, "steps", (double)r->descent->t);
    bm_cli_json_number(object, "value", r->descent->value);
    bm_cli_json_number(object, "best_value", r->best_value);
    cJSON_AddItemToObject(object, "x", cJSON_CreateDoubleArray(r->descent->x, race->dims));
    bm_cli_json_number(object, "distance", bm_race_distance(race, index));
    bm_cli_json_number(object, "steps_to_tolerance", r->reached >= 0 ? (double)r->reached : NAN);
    cJSON_AddNumberToObject(object, "evaluations", (double)r->descent->evaluations);
    cJSON_AddBoolToObject(object, "diverged", r->over);
    bm_cli_json_number(object, "diverged_at", r->over ? (double)(r->descent->t + 1) : NAN);
    return object;
}

cJSON *bm_optim_json(const bm_race *race) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "function", race->objective->text);
    cJSON_AddItemToObject(object, "start", cJSON_CreateDoubleArray(race->start, race->dims));
    cJSON_AddNumberToObject(object, "steps", (double)race->base.total_steps);
    cJSON_AddNumberToObject(object, "tolerance", race->tolerance);
    cJSON *all = cJSON_AddArrayToObject(object, "optimizers");
    for (int i = 0; i < race->racers; i++) {
        cJSON_AddItemToArray(all, racer_json(race, i));
    }
    return object;
}
