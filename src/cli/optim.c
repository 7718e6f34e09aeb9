/* bellman optim FUNCTION: optimizers on plain functions, as rows, a table and pictures; or, with --gradients, on
 * recorded gradients. */
#include "cli/optim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/signals.h"

static const bm_flag flags[] = {
    {"optimizer", "NAME,NAME...",
     "which; each may carry settings of its own: adam:lr=0.1:beta1=0.8,sgd:lr=0.001 (default: adam)"},
    {"lr", "X", "learning rate of all; lin_X falls from X to 0 (default: each one's own)"},
    {"start", "X,Y", "where they begin (default: the function's own start)"},
    {"steps", "N", "so many steps (default: 1000; with --gradients as many as the file has)"},
    {"set", "KEY=VALUE", "an option of all named optimizers; may be repeated, as may --beta1 0.8 and its like"},
    {"schedule", "NAME:KEY=VALUE...", "learning rate over time: step, exponential, cosine, one_cycle, linear"},
    {"clip-norm", "X", "scale gradients down to this norm, as clip_grad_norm_"},
    {"clip-value", "X", "limit every gradient to -X..X, as clip_grad_value_"},
    {"noise", "S", "add normal noise of this standard deviation to every gradient, the same to all optimizers"},
    {"seed", "N", "of noise and of gradients that are drawn (default: 1)"},
    {"tolerance", "X", "so near to the least value counts as there (default: 1e-6)"},
    {"gradients", "FILE", "recorded gradients instead of a function: CSV, first the start, then a row a step"},
    {"float", NULL, "compute in single precision, as networks do"},
    {"csv", "FILE|-",
     "rows optimizer,step,x0,...,value (default: standard output, unless that is a terminal or a picture is wanted)"},
    {"every", "N", "only every N-th step is a row, and the last (default: 1)"},
    {"plot", "FILE", "contours with the paths, beside them value against step: .svg or .png"},
    {"plot-lr", "FILE", "effective learning rate of each coordinate against step: .svg or .png"},
    {"surface", NULL, "show the function as a surface instead of contours"},
    {"window", "X0,X1,Y0,Y1", "part of the plane that is shown (default: the function's own, and the start)"},
    {"size", "WxH", "of pictures, in pixels"},
    {"title", "TEXT", "what stands above a picture"},
    {"render", NULL, "watch live in a window: click for a new start, drag to turn the surface, h shows the keys"},
    {"terminal", NULL, "the same, drawn in the terminal"},
    {"speed", "X", "steps a second, live and in recordings (default: all steps in ten seconds)"},
    {"record", "FILE", "record what is shown: .gif, .mp4, NAME%05d.png or .png"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {"quiet", NULL, "no table"},
    {NULL, NULL, NULL},
};

/* ---- numbers on the command line -------------------------------------------------------------------------------- */

enum { NUMBERS_MOST = BM_OBJECTIVE_DIMS };

/* "1,-2.5e3": how many; the message calls them by the flag. */
static bm_status read_numbers(const char *flag, const char *text, double *value, int most, int *count,
                              bm_error *error) {
    *count = 0;
    for (const char *at = text;; at++) {
        char *end;
        if (*count == most) {
            return bm_invalid(error, "--%s has more than %d numbers", flag, most);
        }
        value[*count] = strtod(at, &end);
        const int length = (int)strcspn(at, ",");
        if (end == at || (*end && *end != ',') || !isfinite(value[*count])) {
            return bm_invalid(error, "--%s=%.64s: '%.*s' is not a finite number", flag, text, length > 40 ? 40 : length,
                              at);
        }
        (*count)++;
        at = end;
        if (!*at) {
            return BM_OK;
        }
    }
}

/* ---- racing ----------------------------------------------------------------------------------------------------- */

static void fill_race(bm_race *race, const bm_optim_wish *wish) {
    for (race->racers = 0; race->racers < wish->methods; race->racers++) {
        bm_racer *racer = &race->racer[race->racers];
        racer->method = wish->method[race->racers];
        const bm_color color = bm_series_colors[race->racers % BM_SERIES_COLORS];
        racer->color =
            race->racers < BM_SERIES_COLORS ? color : bm_color_mix(color, BM_PAPER, 0.5); /* the second time paler */
        snprintf(racer->label, sizeof racer->label, "%s", wish->label[race->racers]);
    }
    race->base = wish->base;
    race->tolerance = wish->tolerance;
    race->keeps_rates = bm_cli_has(wish->arguments, "plot-lr");
}

/* recorded: gradients in a function's place, or NULL. False: it is over. */
static bool step_on(bm_race *race, int index, const bm_table *recorded) {
    bm_racer *racer = &race->racer[index];
    if (!recorded) {
        return bm_race_step(race, index);
    }
    const double *gradient = recorded->value + (racer->descent->t + 1) * recorded->columns;
    racer->over = bm_descent_apply(racer->descent, gradient, &racer->failure) != BM_OK;
    return !racer->over;
}

static void run_race(bm_race *race, const bm_optim_wish *wish, const bm_table *recorded, bm_optim_csv *csv,
                     const atomic_int *stop) {
    for (int i = 0; i < race->racers; i++) {
        const bm_racer *racer = &race->racer[i];
        int64_t written = 0;
        bm_optim_csv_row(csv, racer->label, racer->descent);
        while (racer->descent->t < wish->steps && !atomic_load_explicit(stop, memory_order_relaxed) &&
               step_on(race, i, recorded)) {
            if (racer->descent->t % wish->every == 0) {
                bm_optim_csv_row(csv, racer->label, racer->descent);
                written = racer->descent->t;
            }
        }
        if (written < racer->descent->t) { /* the last place it was at */
            bm_optim_csv_row(csv, racer->label, racer->descent);
        }
    }
}

static void report_diverged(const bm_race *race) {
    for (int i = 0; i < race->racers; i++) {
        if (race->racer[i].over) {
            fprintf(stderr, "bellman: %s\n", race->racer[i].failure.text);
        }
    }
}

static bool any_diverged(const bm_race *race) {
    for (int i = 0; i < race->racers; i++) {
        if (race->racer[i].over) {
            return true;
        }
    }
    return false;
}

/* ---- recorded gradients ----------------------------------------------------------------------------------------- */

static bm_status check_recorded(const bm_arguments *arguments, bm_error *error) {
    static const char *const others[] = {"start", "plot", "plot-lr", "render", "terminal", "record", "json"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (bm_cli_has(arguments, others[i])) {
            return bm_invalid(error, "--%s needs a function; recorded gradients know none", others[i]);
        }
    }
    return BM_OK;
}

static bm_status read_gradients(const bm_arguments *arguments, bm_table *table, bm_optim_wish *wish, bm_error *error) {
    const char *path = bm_cli_value(arguments, "gradients");
    bm_status status = bm_table_read(table, path, 0, false, error);
    if (status == BM_OK && table->rows == 0) {
        return bm_invalid(error, "%s is empty; its first row should be the start", path);
    }
    if (status == BM_OK) {
        status = bm_optim_read(wish, arguments, table->rows - 1, error);
    }
    if (status == BM_OK && wish->steps > table->rows - 1) {
        return bm_invalid(error, "%s has %lld rows of gradients, fewer than the %lld steps asked for", path,
                          (long long)table->rows - 1, (long long)wish->steps);
    }
    return status;
}

/* Before a row is written: who cannot work with recorded gradients is told at once. */
static bm_status create_descents(bm_race *race, const bm_table *table, bm_error *error) {
    bm_status status = BM_OK;
    for (int i = 0; i < race->racers && status == BM_OK; i++) {
        bm_descent_setup setup = race->base;
        setup.method = &race->racer[i].method;
        setup.dims = table->columns;
        setup.start = table->value;
        status = bm_descent_create(&race->racer[i].descent, &setup, error);
    }
    return status;
}

static bm_status run_gradients(const bm_arguments *arguments, bm_race *race, bm_table *table, const atomic_int *stop,
                               bm_error *error) {
    bm_optim_wish wish = {0};
    bm_optim_csv *csv = NULL;
    bm_status status = check_recorded(arguments, error);
    if (status == BM_OK) {
        status = read_gradients(arguments, table, &wish, error);
    }
    if (status == BM_OK) {
        fill_race(race, &wish);
        status = create_descents(race, table, error);
    }
    if (status == BM_OK) {
        const char *to = bm_cli_value(arguments, "csv");
        status = bm_optim_csv_open(&csv, to ? to : "-", table->columns, false, error);
    }
    if (status == BM_OK) {
        run_race(race, &wish, table, csv, stop);
        status = bm_optim_csv_close(csv, error);
    }
    if (status == BM_OK) {
        report_diverged(race);
    }
    return status;
}

/* ---- a function ------------------------------------------------------------------------------------------------- */

static bm_status make_objective(const bm_arguments *arguments, double *start, bm_objective **objective,
                                bm_error *error) {
    const char *given = bm_cli_value(arguments, "start");
    int count = 0;
    bm_status status = given ? read_numbers("start", given, start, NUMBERS_MOST, &count, error) : BM_OK;
    if (status == BM_OK) {
        bm_error why;
        status = bm_objective_create(objective, arguments->positional[0], count, &why);
        if (status != BM_OK) {
            const bool fits = bm_objective_create(objective, arguments->positional[0], 0, NULL) == BM_OK;
            bm_objective_destroy(fits ? *objective : NULL);
            *objective = NULL;
            return fits ? bm_invalid(error, "--start=%.64s has %d coordinate%s: %.300s", given, count,
                                     count == 1 ? "" : "s", why.text)
                        : bm_invalid(error, "%s", why.text);
        }
    }
    if (status == BM_OK && !given) {
        memcpy(start, (*objective)->start, (size_t)(*objective)->dims * sizeof *start);
    }
    return status;
}

/* The function's own window, widened where the start lies outside; or the one asked for. */
static bm_status choose_window(const bm_arguments *arguments, bm_race *race, const double *start, bm_error *error) {
    enum { SIDES = 4 };
    const double margin = 0.05;
    const int dims = race->objective->dims, axes = dims < 2 ? dims : 2;
    const char *given = bm_cli_value(arguments, "window");
    double side[SIDES];
    int count = 0;
    for (int axis = 0; axis < axes; axis++) {
        double low = race->objective->window_low[axis], high = race->objective->window_high[axis];
        const double edge = margin * (high - low);
        low = fmin(low, start[axis] - edge);
        high = fmax(high, start[axis] + edge);
        race->low[axis] = low;
        race->high[axis] = high;
    }
    if (!given) {
        return BM_OK;
    }
    if (dims > 2) {
        return bm_invalid(error, "--window needs a function of one or two coordinates; %.64s has %d",
                          race->objective->text, dims);
    }
    const bm_status status = read_numbers("window", given, side, SIDES, &count, error);
    if (status == BM_OK && count != 2 * axes) {
        return bm_invalid(error, "--window=%.64s: %s wants %d numbers, from and to for each coordinate", given,
                          race->objective->text, 2 * axes);
    }
    for (int axis = 0; axis < axes && status == BM_OK; axis++) {
        race->low[axis] = side[2 * axis];
        race->high[axis] = side[2 * axis + 1];
        if (!(race->low[axis] < race->high[axis])) {
            return bm_invalid(error, "--window=%.64s is empty: %g is not below %g", given, race->low[axis],
                              race->high[axis]);
        }
    }
    return status;
}

static bool wants_show(const bm_arguments *arguments) {
    return bm_cli_has(arguments, "render") || bm_cli_has(arguments, "terminal") || bm_cli_has(arguments, "record");
}

static bool wants_picture(const bm_arguments *arguments) {
    return wants_show(arguments) || bm_cli_has(arguments, "plot") || bm_cli_has(arguments, "plot-lr");
}

/* Rows go to standard output where nobody said otherwise, unless somebody sits there, or another line is asked for. */
static const char *csv_path(const bm_arguments *arguments) {
    const char *named = bm_cli_value(arguments, "csv");
    const char *given = named && strcmp(named, "/dev/stdout") == 0 ? "-" : named;
    const bool other = bm_cli_has(arguments, "json") || wants_picture(arguments) || isatty(STDOUT_FILENO);
    return given ? given : other ? NULL : "-";
}

static void tell(const bm_arguments *arguments, const bm_race *race, const char *csv) {
    if (!bm_cli_has(arguments, "quiet")) {
        const bool taken = (csv && strcmp(csv, "-") == 0) || bm_cli_has(arguments, "json");
        bm_optim_print_table(taken ? stderr : stdout, race);
    }
    report_diverged(race);
    if (bm_cli_has(arguments, "json")) {
        bm_cli_json_print(bm_optim_json(race));
    }
}

static bm_status race_and_tell(const bm_arguments *arguments, const bm_optim_wish *wish, bm_race *race,
                               const atomic_int *stop, bm_error *error) {
    bm_optim_csv *csv;
    const char *path = csv_path(arguments);
    bm_status status = bm_optim_csv_open(&csv, path, race->dims, true, error);
    if (status != BM_OK) {
        return status;
    }
    if (wants_show(arguments)) {
        status = bm_optim_show(arguments, race, wish->steps, stop, error);
    } else {
        run_race(race, wish, NULL, csv, stop);
    }
    bm_error late;
    const bm_status closed = bm_optim_csv_close(csv, &late);
    if (status == BM_OK && closed != BM_OK) {
        *error = late;
        status = closed;
    }
    if (status == BM_OK) {
        tell(arguments, race, path);
        status = bm_optim_write_pictures(arguments, race, error);
    }
    return status;
}

static bm_status run_function(const bm_arguments *arguments, bm_race *race, const atomic_int *stop, bm_error *error) {
    bm_optim_wish wish = {0};
    double *start = bm_cli_alloc(NUMBERS_MOST, sizeof *start);
    bm_status status = bm_optim_read(&wish, arguments, BM_OPTIM_STEPS, error);
    if (status == BM_OK) {
        status = make_objective(arguments, start, &race->objective, error);
    }
    if (status == BM_OK) {
        fill_race(race, &wish);
        status = choose_window(arguments, race, start, error);
    }
    if (status == BM_OK) {
        status = bm_optim_check_pictures(arguments, race, error);
    }
    if (status == BM_OK) {
        status = bm_race_create(race, start, error);
    }
    if (status == BM_OK) {
        status = race_and_tell(arguments, &wish, race, stop, error);
    }
    free(start);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static void check_words(const bm_arguments *arguments) {
    const bool recorded = bm_cli_has(arguments, "gradients");
    if (recorded && arguments->positionals) {
        bm_cli_usage("--gradients stands in place of a function; leave %s out", arguments->positional[0]);
    }
    if (!recorded && arguments->positionals != 1) {
        bm_cli_usage(arguments->positionals
                         ? "optim takes one function at a time; an expression with spaces wants quotes"
                         : "optim wants a function, for example: bellman optim rosenbrock --optimizer sgd,adam "
                           "(bellman list functions shows them)");
    }
    static const char *const of_pictures[] = {"surface", "window", "size", "title", "speed"};
    for (size_t i = 0; i < sizeof of_pictures / sizeof of_pictures[0]; i++) {
        if (bm_cli_has(arguments, of_pictures[i]) && !wants_picture(arguments)) {
            bm_cli_usage("--%s is of a picture: give --plot, --render, --terminal or --record too", of_pictures[i]);
        }
    }
    const char *csv = bm_cli_value(arguments, "csv"), *plot = bm_cli_value(arguments, "plot");
    const char *rates = bm_cli_value(arguments, "plot-lr");
    if ((csv && plot && strcmp(csv, plot) == 0) || (csv && rates && strcmp(csv, rates) == 0) ||
        (plot && rates && strcmp(plot, rates) == 0)) {
        bm_cli_usage("two of --csv, --plot and --plot-lr name the same file");
    }
    if (wants_show(arguments) && bm_cli_has(arguments, "csv")) {
        bm_cli_usage("--csv writes the rows of a race that is not shown; leave --render, --terminal and --record out");
    }
}

static int run(int argc, char **argv) {
    bm_method named[BM_GROUPS];
    bm_command command = {
        .verb = "optim",
        .arguments = "FUNCTION\n--gradients FILE",
        .summary =
            "Runs optimizers on a function, all from one start, and shows what they do. A FUNCTION is one that bellman "
            "list functions names (rosenbrock, himmelblau, sphere:dims=10, ...) or an expression in x, y, z, w or x0, "
            "x1, ..., such as '(1-x)^2+100*(y-x^2)^2'. The update rules are those that train agents, in double "
            "precision.",
        .examples = "  bellman optim rosenbrock --optimizer sgd:lr=0.0005,adam:lr=0.05 --plot rosenbrock.svg\n"
                    "  bellman optim himmelblau --optimizer sgd:momentum=0.9,rmsprop,lbfgs --render\n"
                    "  bellman optim 'x^2+3*y^2+sin(5*x)' --start 2,1 --lr 0.05 --csv path.csv",
        .flags = flags,
    };
    bm_optim_groups(argc, argv, named, command.groups, BM_GROUPS);
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    check_words(&arguments);
    const atomic_int *stop = bm_cli_catch_signals();
    bm_error error;
    bm_table table = {0};
    bm_race *race = bm_cli_alloc(1, sizeof *race);
    const bm_status status = bm_cli_has(&arguments, "gradients") ? run_gradients(&arguments, race, &table, stop, &error)
                                                                 : run_function(&arguments, race, stop, &error);
    const int code = status != BM_OK ? bm_cli_report(status, &error) : any_diverged(race) ? BM_EXIT_FAILED : BM_EXIT_OK;
    bm_race_free(race);
    bm_objective_destroy(race->objective);
    bm_arena_free(&table.arena);
    free(race);
    bm_cli_free(&arguments);
    return atomic_load(stop) ? 128 + atomic_load(stop) : code;
}

const bm_verb bm_verb_optim = {"optim", "run optimizers on functions: paths, tables, pictures, live", run};
