/* What the words of bellman optim say: optimizers with settings of their own, a schedule, limits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/optim.h"
#include "core/suggest.h"

/* ---- NAME:KEY=VALUE:KEY=VALUE ----------------------------------------------------------------------------------- */

enum { SPEC_BYTES = 512, SPEC_SETTINGS = 16 };

typedef struct {
    char text[SPEC_BYTES]; /* cut into pieces */
    const char *name, *key[SPEC_SETTINGS], *value[SPEC_SETTINGS];
    int settings;
} spec;

static bm_status read_spec(spec *s, const char *text, size_t length, bm_error *error) {
    *s = (spec){.name = s->text};
    if (length == 0 || length >= sizeof s->text) {
        return bm_invalid(error, length ? "too long: %.40s..." : "a name is missing between commas%.0s", text);
    }
    memcpy(s->text, text, length);
    for (char *at = strchr(s->text, ':'); at; at = strchr(at, ':')) {
        *at++ = '\0';
        char *equals = strchr(at, '=');
        const size_t end = strcspn(at, ":");
        if (!equals || equals >= at + end || equals == at) {
            return bm_invalid(error, "%.64s wants settings as :key=value, not :%.*s", s->name, (int)end, at);
        }
        if (s->settings == SPEC_SETTINGS) {
            return bm_invalid(error, "too many settings of %.64s", s->name);
        }
        *equals = '\0';
        s->key[s->settings] = at;
        s->value[s->settings++] = equals + 1;
        at = equals + 1;
    }
    return BM_OK;
}

/* ---- optimizers ------------------------------------------------------------------------------------------------- */

static const char *given_optimizers(const bm_arguments *arguments) {
    const char *given = bm_cli_value(arguments, "optimizer");
    return given ? given : "adam";
}

/* --lr and --set, which hold for all. */
static bm_status apply_common(bm_method *method, const bm_arguments *arguments, bm_error *error) {
    const char *lr = bm_cli_value(arguments, "lr");
    bm_status status = lr ? bm_method_set(method, "lr", lr, error) : BM_OK;
    for (int i = 0; i < arguments->settings && status == BM_OK; i++) {
        if (arguments->setting[i].option) {
            status = bm_method_set(method, arguments->setting[i].name, arguments->setting[i].value, error);
        }
    }
    return status;
}

static bm_status read_method(bm_optim_wish *wish, const char *text, size_t length, bm_error *error) {
    spec s;
    if (wish->methods == BM_RACERS) {
        return bm_invalid(error, "more than %d optimizers at once", BM_RACERS);
    }
    bm_method *method = &wish->method[wish->methods];
    bm_status status = read_spec(&s, text, length, error);
    if (status == BM_OK && strchr(s.name, '=')) {
        return bm_invalid(error, "a comma separates optimizers; settings of one follow it as :%.64s", s.name);
    }
    if (status == BM_OK) {
        status = bm_method_find(method, s.name, error);
    }
    if (status == BM_OK) {
        status = apply_common(method, wish->arguments, error);
    }
    for (int i = 0; i < s.settings && status == BM_OK; i++) {
        status = bm_method_set(method, s.key[i], s.value[i], error);
    }
    if (status == BM_OK && !(method->lr.initial > 0)) {
        status = bm_invalid(error, "%s's learning rate must be above 0", s.name);
    }
    const int most = BM_RACE_LABEL - 16; /* room for a number behind it */
    snprintf(wish->label[wish->methods++], BM_RACE_LABEL, "%.*s", length < (size_t)most ? (int)length : most, text);
    return status;
}

static bool is_taken(const bm_optim_wish *wish, int before, const char *label) {
    for (int i = 0; i < before; i++) {
        if (strcmp(wish->label[i], label) == 0) {
            return true;
        }
    }
    return false;
}

/* One word where that is enough to tell them apart; a number behind what is written twice. */
static void name_methods(bm_optim_wish *wish) {
    for (int i = 0; i < wish->methods; i++) {
        const char *name = bm_method_name(&wish->method[i]);
        int same = 0;
        for (int k = 0; k < wish->methods; k++) {
            same += strcmp(bm_method_name(&wish->method[k]), name) == 0;
        }
        if (same == 1) {
            snprintf(wish->label[i], BM_RACE_LABEL, "%s", name);
        }
        for (int k = 1; is_taken(wish, i, wish->label[i]); k++) {
            const size_t end = strcspn(wish->label[i], "#");
            snprintf(wish->label[i] + end, sizeof wish->label[i] - end, "#%d", k + 1);
        }
    }
}

static bm_status read_methods(bm_optim_wish *wish, bm_error *error) {
    bm_status status = BM_OK;
    for (const char *at = given_optimizers(wish->arguments); status == BM_OK;) {
        const size_t length = strcspn(at, ",");
        status = read_method(wish, at, length, error);
        at += length;
        if (*at++ != ',') {
            break;
        }
    }
    if (status == BM_OK) {
        name_methods(wish);
    }
    return status;
}

int bm_optim_groups(int argc, char **argv, bm_method *method, bm_flag_group *groups, int count) {
    static const char flag[] = "--optimizer";
    const char *given = "adam";
    for (int i = 1; i < argc; i++) {
        const size_t length = sizeof flag - 1;
        if (strncmp(argv[i], flag, length) == 0) {
            given = argv[i][length] == '='             ? argv[i] + length + 1
                    : i + 1 < argc && !argv[i][length] ? argv[i + 1]
                                                       : given;
        }
    }
    int found = 0;
    for (const char *at = given; *at && found < count; at += strcspn(at, ","), at += *at == ',') {
        char name[64];
        bm_error ignored;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ",:"), at);
        if (bm_method_find(&method[found], name, &ignored) != BM_OK) {
            continue; /* told when the flags are read */
        }
        bool known = false;
        for (int i = 0; i < found; i++) {
            known |= bm_method_options(&method[i]) == bm_method_options(&method[found]);
        }
        if (!known) {
            groups[found] = (bm_flag_group){bm_method_name(&method[found]), bm_method_options(&method[found]),
                                            method[found].choice.config};
            found++;
        }
    }
    return found;
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static bm_status read_schedule(bm_optim_wish *wish, bm_error *error) {
    const char *text = bm_cli_value(wish->arguments, "schedule");
    const char *names[32];
    size_t count = 0;
    spec s;
    if (!text) {
        return BM_OK;
    }
    bm_status status = read_spec(&s, text, strlen(text), error);
    for (; status == BM_OK && bm_lr_schedule_kinds[count].name && count < 32; count++) {
        names[count] = bm_lr_schedule_kinds[count].name;
    }
    size_t kind = 0;
    while (status == BM_OK && kind < count && strcmp(names[kind], s.name) != 0) {
        kind++;
    }
    if (status == BM_OK && kind == count) {
        return bm_invalid(error, "unknown schedule %.64s%s", s.name,
                          bm_did_you_mean(s.name, names, count, " (bellman list schedules shows them)").text);
    }
    if (status == BM_OK) {
        wish->lr_schedule.kind = (int)kind;
        bm_options_defaults(bm_lr_schedule_kinds[kind].options, wish->lr_schedule.config);
    }
    for (int i = 0; i < s.settings && status == BM_OK; i++) {
        bm_error why;
        status =
            bm_options_set(bm_lr_schedule_kinds[kind].options, wish->lr_schedule.config, s.key[i], s.value[i], &why);
        if (status != BM_OK) {
            bm_invalid(error, "%s: %s", s.name, why.text);
        }
    }
    wish->base.lr_schedule = &wish->lr_schedule;
    return status;
}

/* A number above 0, or 0 where the flag is absent. */
static bm_status read_positive(const bm_arguments *arguments, const char *flag, double *value, bm_error *error) {
    const char *text = bm_cli_value(arguments, flag);
    char *end;
    *value = text ? strtod(text, &end) : 0;
    if (text && (end == text || *end || !(*value > 0) || !isfinite(*value))) {
        return bm_invalid(error, "--%s wants a number above 0, not %.64s", flag, text);
    }
    return BM_OK;
}

bm_status bm_optim_read(bm_optim_wish *wish, const bm_arguments *arguments, int64_t steps, bm_error *error) {
    wish->arguments = arguments;
    wish->base = (bm_descent_setup){
        .seed = (uint64_t)bm_cli_integer(arguments, "seed", 1, 0, 1LL << 53),
        .single = bm_cli_has(arguments, "float"),
    };
    wish->steps = bm_cli_integer(arguments, "steps", steps, 0, 1000000000000);
    wish->every = bm_cli_integer(arguments, "every", 1, 1, 1000000000000);
    wish->base.total_steps = wish->steps;
    bm_status status = read_positive(arguments, "tolerance", &wish->tolerance, error);
    wish->tolerance = wish->tolerance > 0 ? wish->tolerance : 1e-6;
    if (status == BM_OK) {
        status = read_methods(wish, error);
    }
    if (status == BM_OK) {
        status = read_schedule(wish, error);
    }
    if (status == BM_OK) {
        status = read_positive(arguments, "noise", &wish->base.noise, error);
    }
    if (status == BM_OK) {
        status = read_positive(arguments, "clip-norm", &wish->base.clip_norm, error);
    }
    return status == BM_OK ? read_positive(arguments, "clip-value", &wish->base.clip_value, error) : status;
}
