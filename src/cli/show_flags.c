/* See show_flags.h. */
#include "cli/show_flags.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/picture.h"

double bm_cli_positive(const bm_arguments *arguments, const char *flag, double fallback, double max) {
    const char *text = bm_cli_value(arguments, flag);
    if (!text) {
        return fallback;
    }
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value > 0) || value > max) {
        bm_cli_usage("--%s=%s is not a number above 0, up to %g", flag, text, max);
    }
    return value;
}

void bm_show_read_flags(const bm_arguments *arguments, bm_show_setup *setup) {
    enum { SIDE_LEAST = 120 };
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &setup->width, &setup->height);
    setup->speed = bm_cli_positive(arguments, "speed", 1, 1000);
    setup->fps = bm_cli_positive(arguments, "fps", 0, 240);
    setup->record = bm_cli_value(arguments, "record");
}

bm_stage_kind bm_show_stage_kind(const bm_arguments *arguments) {
    const bool terminal = bm_cli_has(arguments, "terminal"), headless = bm_cli_has(arguments, "headless");
    if (terminal && headless) {
        bm_cli_usage("--headless shows nothing and --terminal does: give one of them");
    }
    return terminal ? BM_STAGE_TERMINAL : headless ? BM_STAGE_NONE : BM_STAGE_WINDOW;
}

static bm_status open_stage(const bm_arguments *arguments, const char *instead, bm_show_setup *setup, bm_error *error) {
    const bm_stage_kind kind = bm_show_stage_kind(arguments);
    if (kind == BM_STAGE_NONE) {
        return BM_OK;
    }
    bm_error reason;
    const bm_status status = bm_stage_open(&setup->stage, kind, setup->title, setup->width, setup->height, &reason);
    return status == BM_OK ? BM_OK : bm_fail(error, "%.300s; %s", reason.text, instead);
}

bm_status bm_show_open(const bm_arguments *arguments, const char *instead, double record_fps, bm_show_setup *setup,
                       bm_error *error) {
    setup->record_fps = setup->fps > 0 ? setup->fps : record_fps;
    if (setup->record) {
        BM_TRY(
            bm_recorder_open(&setup->recorder, setup->record, setup->width, setup->height, setup->record_fps, error));
    }
    const bm_status status = open_stage(arguments, instead, setup, error);
    if (status != BM_OK) {
        bm_recorder_close(setup->recorder, NULL, NULL);
        setup->recorder = NULL;
    }
    return status;
}

bm_status bm_show_in_stage(const bm_arguments *arguments, const char *instead, bm_show_setup *setup,
                           bm_show_result *result, bm_error *error) {
    BM_TRY(bm_show_open(arguments, instead, bm_show_record_fps(setup->player->env->type, setup->speed), setup, error));
    const bm_status status = bm_show(setup, result, error);
    bm_stage_close(setup->stage);
    setup->stage = NULL;
    return status;
}

void bm_show_json(const bm_show_result *result, cJSON *object) {
    cJSON_AddNumberToObject(object, "episodes", (double)result->episodes);
    bm_cli_json_number(object, "mean_return", result->mean_return);
    bm_cli_json_number(object, "std_return", result->std_return);
    bm_cli_json_number(object, "mean_length", result->mean_length);
    bm_cli_json_number(object, "min", result->min);
    bm_cli_json_number(object, "max", result->max);
    if (result->recorded[0]) {
        cJSON_AddStringToObject(object, "recorded", result->recorded);
    }
}

void bm_show_report(const bm_show_result *result) {
    if (result->recorded[0]) {
        fprintf(stderr, "recorded %s (%.0f kB)\n", result->recorded, fmax(1, (double)result->record_bytes / 1000));
    }
}
