/* bellman optim --plot and --plot-lr. */
#include <stdio.h>

#include "cli/optim.h"
#include "cli/picture.h"

enum { WIDTH = 1200, HEIGHT = 560, RATES_WIDTH = 900, RATES_HEIGHT = 480, SIDE_LEAST = 100 };

static const char *const flags[] = {"plot", "plot-lr"};

bm_status bm_optim_check_pictures(const bm_arguments *arguments, const bm_race *race, bm_error *error) {
    bm_status status = BM_OK;
    int ignored;
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &ignored, &ignored);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && status == BM_OK; i++) {
        const char *path = bm_cli_value(arguments, flags[i]);
        status = path ? bm_picture_check(path, error) : BM_OK;
    }
    int optimizers = 0;
    for (int i = 0; i < race->racers; i++) {
        optimizers += race->racer[i].method.optim != NULL;
    }
    if (status == BM_OK && optimizers == 0 && bm_cli_has(arguments, "plot-lr")) {
        return bm_invalid(error, "--plot-lr needs an optimizer with a learning rate for each coordinate; %s has none",
                          bm_method_name(&race->racer[0].method));
    }
    return status;
}

static void draw_landscape(void *context, bm_canvas *canvas) {
    bm_landscape_draw(context, canvas);
}

static void draw_rates(void *context, bm_canvas *canvas) {
    bm_landscape_rates_draw(context, canvas);
}

static bm_status write_landscape(const bm_arguments *arguments, bm_race *race, const char *path, bm_error *error) {
    const char *title = bm_cli_value(arguments, "title");
    int width = WIDTH, height = HEIGHT;
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &width, &height);
    bm_landscape landscape = {
        .title = title ? title : race->objective->text,
        .surface = bm_cli_has(arguments, "surface"),
        .view = bm_race_view,
    };
    const bm_status status = bm_race_survey(race, error);
    if (status != BM_OK) {
        return status;
    }
    if (race->dims <= 2 && !race->seen) {
        fprintf(stderr, "bellman: %s is nowhere finite in the window; the picture shows the rest\n",
                race->objective->text);
    }
    bm_race_landscape(race, &landscape);
    return bm_picture_write(path, width, height, draw_landscape, &landscape, error);
}

static bm_status write_rates(const bm_arguments *arguments, bm_race *race, const char *path, bm_error *error) {
    const char *title = bm_cli_value(arguments, "title");
    int width = RATES_WIDTH, height = RATES_HEIGHT;
    bm_landscape_rate rate[BM_RACERS];
    bm_picture_size(bm_cli_value(arguments, "size"), SIDE_LEAST, &width, &height);
    int optimizers = 0;
    for (int i = 0; i < race->racers; i++) {
        const bm_racer *r = &race->racer[i];
        if (r->method.optim) {
            rate[optimizers++] = (bm_landscape_rate){r->label, r->color, r->count, r->step, r->rate};
        } else {
            fprintf(stderr, "bellman: %s is left out of %s: it has no learning rate for each coordinate\n", r->label,
                    path);
        }
    }
    bm_landscape_rates rates = {
        .title = title ? title : race->objective->text,
        .dims = race->rates,
        .variables = race->objective->variables,
        .rates = rate,
        .rate_count = optimizers,
    };
    return bm_picture_write(path, width, height, draw_rates, &rates, error);
}

bm_status bm_optim_write_pictures(const bm_arguments *arguments, bm_race *race, bm_error *error) {
    const char *plot = bm_cli_value(arguments, "plot"), *rates = bm_cli_value(arguments, "plot-lr");
    const bm_status status = plot ? write_landscape(arguments, race, plot, error) : BM_OK;
    return status == BM_OK && rates ? write_rates(arguments, race, rates, error) : status;
}
