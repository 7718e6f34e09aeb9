/* bellman plot: learning curves of run folders as SVG, PNG or a page. Runs that differ in their seeds only become one
 * curve with a band. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/picture.h"
#include "cli/plot.h"
#include "core/suggest.h"

static const bm_flag flags[] = {
    {"output|o", "FILE", "what to write: a name that ends in .svg, .png or .html"},
    {"metric", "NAME",
     "column of progress.csv (default: rollout/ep_rew_mean, of bellman meta the score; evaluations: eval/mean_reward)"},
    {"x", "steps|seconds", "what the curves run over: environment steps, or seconds of training (default: steps)"},
    {"interval", "std|iqm",
     "std: mean ± one standard deviation over runs; iqm: interquartile mean and its 95 % bootstrap interval, as "
     "Agarwal et "
     "al. 2021 advise (default: std)"},
    {"smooth", "N", "a moving mean over N rows of each run, over fewer at its ends (default: 1)"},
    {"title", "TEXT", "what stands above, before what the metric is"},
    {"size", "WxH", "of the picture, in pixels (default: 900x520, more for several environments)"},
    {"open", NULL, "show the file when it is written; without --output, a page in the folder for temporary files"},
    {"json", NULL, "the last line of the output is one JSON object"},
    {"quiet", NULL, "no line that says what was written"},
    {NULL, NULL, NULL},
};

enum { SIZE_MIN = 100 };

/* ---- what was asked for ----------------------------------------------------------------------------------------- */

/* Index of a flag's value among words, the first where it is absent. */
static int choice(const bm_arguments *arguments, const char *flag, const char *const words[2]) {
    const char *value = bm_cli_value(arguments, flag);
    for (int i = 0; i < 2 && value; i++) {
        if (strcmp(value, words[i]) == 0) {
            return i;
        }
    }
    if (value) {
        bm_cli_usage("--%s=%s is neither %s nor %s%s", flag, value, words[0], words[1],
                     bm_did_you_mean(value, words, 2, "").text);
    }
    return 0;
}

/* A name of its own in a folder of its own, which stays for the program that shows it. */
static bm_status temporary_page(char *path, size_t bytes, bm_error *error) {
    char folder[BM_PATH_MAX];
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/bellman-plot-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        return bm_fail(error, "cannot make a folder for a temporary page; say --output FILE.html");
    }
    snprintf(path, bytes, "%s/plot.html", folder);
    return BM_OK;
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

static void print_json(const bm_plot *plot, const char *path) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "file", path);
    cJSON_AddStringToObject(object, "metric", plot->metric);
    cJSON *array = cJSON_AddArrayToObject(object, "settings");
    for (int i = 0; i < plot->settings; i++) {
        const bm_plot_setting *setting = &plot->setting[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(array, item);
        cJSON_AddStringToObject(item, "label", setting->label);
        cJSON_AddStringToObject(item, "env", setting->env);
        cJSON_AddStringToObject(item, "agent", setting->agent);
        cJSON_AddNumberToObject(item, "runs", setting->runs);
        bm_cli_json_number(item, "final_mean", setting->final_mean);
        bm_cli_json_number(item, "final_std", setting->final_std);
        if (plot->shade == BM_SHADE_IQM) {
            bm_cli_json_number(item, "final_iqm", setting->final_iqm);
            bm_cli_json_number(item, "final_low", setting->final_low);
            bm_cli_json_number(item, "final_high", setting->final_high);
        }
    }
    bm_cli_json_print(object);
}

static bm_status make(bm_plot *plot, const bm_arguments *arguments, const char *path, bm_error *error) {
    bm_status status = bm_plot_read(plot, arguments->positional, arguments->positionals, error);
    if (status == BM_OK) {
        status = bm_plot_metric(plot, error);
    }
    if (status != BM_OK) {
        return status;
    }
    bm_plot_group(plot);
    bm_plot_curves(plot);
    return bm_plot_write(plot, path, error);
}

static int run(int argc, char **argv) {
    static const char *const axes[2] = {"steps", "seconds"}, *const shades[2] = {"std", "iqm"};
    const bm_command command = {
        .verb = "plot",
        .arguments = "RUN...",
        .summary = "Draws learning curves. A RUN is a run folder, or a folder with runs in it. Runs that differ in "
                   "their seeds only "
                   "become one curve, their mean, with a band; every environment has a panel of its own.",
        .examples = "  bellman plot runs/CartPole-v1 -o curves.svg\n"
                    "  bellman plot runs -o report.html --interval iqm --open\n"
                    "  bellman plot RUN --metric train/loss --smooth 5 -o loss.png",
        .flags = flags,
    };
    bm_arguments arguments;
    bm_cli_parse(&command, argc, argv, &arguments);
    if (arguments.positionals == 0) {
        bm_cli_usage("plot wants run folders, or folders with runs in them; bellman runs lists those there are");
    }
    const char *output = bm_cli_value(&arguments, "output"), *metric = bm_cli_value(&arguments, "metric");
    const bool open = bm_cli_has(&arguments, "open");
    if (!output && !open) {
        bm_cli_usage("plot wants -o FILE.svg, .png or .html to write to, or --open to show a page");
    }
    bm_plot plot = {
        .metric = metric,
        .title = bm_cli_value(&arguments, "title"),
        .by_seconds = choice(&arguments, "x", axes) == 1,
        .shade = choice(&arguments, "interval", shades) == 1 ? BM_SHADE_IQM : BM_SHADE_STD,
        .smooth = (int)bm_cli_integer(&arguments, "smooth", 1, 1, 1000000),
    };
    int width = 0, height = 0;
    bm_picture_size(bm_cli_value(&arguments, "size"), SIZE_MIN, &width, &height);
    plot.width = width;
    plot.height = height;
    char path[BM_PATH_MAX + 32];
    bm_error error;
    bm_status status = BM_OK;
    if (output) {
        status = bm_plot_check(output, &error);
        snprintf(path, sizeof path, "%s", output);
    } else {
        status = temporary_page(path, sizeof path, &error);
    }
    if (status == BM_OK) {
        status = make(&plot, &arguments, path, &error);
    }
    if (status == BM_OK && !bm_cli_has(&arguments, "quiet") && !bm_cli_has(&arguments, "json")) {
        printf("%s: %d run%s of %d setting%s\n", path, plot.runs, plot.runs == 1 ? "" : "s", plot.settings,
               plot.settings == 1 ? "" : "s");
    }
    if (status == BM_OK && open) {
        status = bm_plot_open(path, &error);
    }
    if (status == BM_OK && bm_cli_has(&arguments, "json")) {
        print_json(&plot, path);
    }
    bm_plot_free(&plot);
    bm_cli_free(&arguments);
    return status == BM_OK ? BM_EXIT_OK : bm_cli_report(status, &error);
}

const bm_verb bm_verb_plot = {"plot", "draw learning curves of runs as SVG, PNG or a page", run};
