/* The report's tables: what came of the study, the best configuration to copy, importances, trials. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/page.h"
#include "cli/tune_report.h"
#include "core/yaml.h"
#include "train/agent_trainee.h"

enum { TRIALS_SHOWN = 200 };

static const char *text_of(const bm_report *report, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(report->objective, key));
}

/* ---- the best configuration ------------------------------------------------------------------------------------- */

static bool is_searched(const bm_report *report, const char *key) {
    return bm_search_space_find(&report->space, key) >= 0;
}

/* What train would take of itself: defaults and preset. NULL where this program knows no such agent or environment. */
static cJSON *usual_settings(const bm_report *report) {
    bm_experiment experiment = {0};
    bm_error error;
    bool found;
    cJSON *settings = NULL;
    if (text_of(report, "agent") && text_of(report, "env") &&
        bm_experiment_create(&experiment, &bm_agent_trainee_type, text_of(report, "agent"), text_of(report, "env"),
                             &error) == BM_OK &&
        bm_experiment_preset(&experiment, &found, &error) == BM_OK) {
        settings = bm_experiment_metadata(&experiment);
    }
    bm_experiment_free(&experiment);
    return settings;
}

typedef void setting_visitor(bm_markup *page, const char *section, const char *key, const char *value);

/* The study's own settings that are neither usual nor searched, then the trial's. */
static void each_setting(const bm_report *report, const bm_trial *trial, bm_markup *page, setting_visitor *visit) {
    static const char *const sections[] = {"run", "agent", "env"};
    cJSON *usual = usual_settings(report);
    const cJSON *item;
    const cJSON *made = usual ? report->objective : NULL;
    cJSON_ArrayForEach(item, made) {
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
            const size_t length = strlen(sections[i]);
            const char *value = cJSON_GetStringValue(item), *name = item->string;
            const char *as_usual = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(usual, name));
            if (value && strncmp(name, sections[i], length) == 0 && name[length] == '.' &&
                !is_searched(report, name + length + 1) && strcmp(name, "run.steps") != 0 &&
                strcmp(name, "run.seed") != 0 && (!as_usual || strcmp(as_usual, value) != 0)) {
                visit(page, sections[i], name + length + 1, value);
            }
        }
    }
    cJSON_Delete(usual);
    for (int i = 0; i < report->space.count; i++) {
        char value[BM_OPTION_TEXT_BYTES];
        if (!isnan(trial->param[i])) {
            bm_parameter_format(&report->space.parameter[i], trial->param[i], value, sizeof value);
            visit(page, "agent", report->space.parameter[i].name, value);
        }
    }
}

/* In quotes where a shell would read more than a word. */
static void put_word(bm_markup *page, const char *word) {
    const bool plain =
        *word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/=") == strlen(word);
    bm_markup_put(page, plain ? "" : "'");
    for (; *word; word++) {
        const char letter[2] = {*word, '\0'};
        bm_markup_escape(page, *word == '\'' ? "'\\''" : letter);
    }
    bm_markup_put(page, plain ? "" : "'");
}

static void put_flag(bm_markup *page, const char *section, const char *key, const char *value) {
    bm_markup_put(page, " \\\n    ");
    if (strcmp(section, "env") == 0) {
        bm_markup_put(page, "--env-set ");
        bm_markup_escape(page, key);
        bm_markup_put(page, "=");
    } else {
        bool dotted = false; /* what follows a dot keeps its spelling */
        bm_markup_put(page, "--");
        for (; *key; key++) {
            const char letter[2] = {*key == '_' && !dotted ? '-' : *key, '\0'};
            dotted |= *key == '.';
            bm_markup_escape(page, letter);
        }
        bm_markup_put(page, " ");
    }
    put_word(page, value);
}

static void put_line(bm_markup *page, const char *section, const char *key, const char *value) {
    if (strcmp(section, "env") != 0) {
        bm_markup_put(page, "  ");
        bm_markup_escape(page, key);
        bm_markup_put(page, ": ");
        bm_markup_escape(page, value);
        bm_markup_put(page, "\n");
    }
}

static void put_env_line(bm_markup *page, const char *section, const char *key, const char *value) {
    char quoted[4 * BM_OPTION_TEXT_BYTES + 3];
    if (strcmp(section, "env") == 0) {
        bm_yaml_quote(value, quoted, sizeof quoted);
        bm_markup_put(page, "    ");
        bm_markup_escape(page, key);
        bm_markup_put(page, ": ");
        bm_markup_escape(page, quoted);
        bm_markup_put(page, "\n");
    }
}

static void put_command(const bm_report *report, const bm_trial *trial, bm_markup *page) {
    const char *steps = text_of(report, "run.steps"), *env = text_of(report, "env"), *agent = text_of(report, "agent");
    const char *function = text_of(report, "function"), *optimizer = text_of(report, "optimizer");
    if (agent && env) {
        bm_markup_put(page, "<pre>bellman train ");
        put_word(page, agent);
        bm_markup_put(page, " ");
        put_word(page, env);
        bm_markup_put(page, " --steps ");
        put_word(page, steps ? steps : "100000");
    } else if (function && optimizer) {
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(report->objective, "steps");
        bm_markup_put(page, "<pre>bellman optim ");
        put_word(page, function);
        bm_markup_put(page, " --optimizer ");
        put_word(page, optimizer);
        bm_markup_putf(page, " --steps %.0f", cJSON_IsNumber(count) ? count->valuedouble : 200);
    } else {
        return;
    }
    each_setting(report, trial, page, put_flag);
    bm_markup_put(page, "</pre>\n");
}

static void put_preset(const bm_report *report, const bm_trial *trial, bm_markup *page) {
    const char *env = text_of(report, "env"), *steps = text_of(report, "run.steps");
    bm_markup_put(page, env ? "<p class=\"quiet\">As a preset file, which <code>train --config</code> takes:</p>\n"
                            : "<p class=\"quiet\">As YAML:</p>\n");
    bm_markup_put(page, "<pre>");
    bm_markup_escape(page, env ? env : "parameters");
    bm_markup_put(page, ":\n");
    if (steps) {
        put_line(page, "run", "steps", steps);
    }
    each_setting(report, trial, page, put_line);
    bm_markup inner = {0};
    each_setting(report, trial, &inner, put_env_line);
    if (inner.bytes) {
        bm_markup_put(page, "  env:\n");
        bm_markup_put(page, inner.text);
    }
    page->failed |= inner.failed;
    bm_markup_free(&inner);
    bm_markup_put(page, "</pre>\n");
}

/* ---- what came of it -------------------------------------------------------------------------------------------- */

/* A name rather than a count: nothing between its digits, so that it can be looked for. */
static void put_number(bm_markup *page, const bm_trial *trial) {
    bm_page_number_cell(page, (double)trial->number, "%.0f");
}

static void score_cell(bm_markup *page, const bm_report_score *score) {
    if (!score->seeds) {
        bm_markup_put(page, "<td class=\"n\">–</td>");
    } else if (score->seeds == 1) {
        bm_page_number_cell(page, score->mean, "%.5g");
    } else {
        bm_markup_putf(page, "<td class=\"n\">%.5g ± %.2g</td>", score->mean, score->std);
    }
}

static int most_seeds(const bm_report *report, bool test) {
    int most = 0;
    for (int i = 0; i < report->complete; i++) {
        const int seeds = test ? report->ranked[i].test.seeds : report->ranked[i].validation.seeds;
        most = seeds > most ? seeds : most;
    }
    return most;
}

static void put_finalists(const bm_report *report, bm_markup *page) {
    bm_markup_putf(page,
                   "<h2>Finalists</h2>\n<div class=\"wide\"><table>\n<thead><tr><th class=\"n\">trial</th>"
                   "<th class=\"n\">search</th><th class=\"n\">validation, %d seeds</th>"
                   "<th class=\"n\">test, %d fresh seeds</th></tr></thead>\n<tbody>\n",
                   most_seeds(report, false), most_seeds(report, true));
    for (int i = 0; i < report->complete; i++) {
        const bm_report_trial *r = &report->ranked[i];
        if (r->validation.seeds) {
            bm_markup_put(page, i == report->chosen ? "<tr class=\"chosen\">" : "<tr>");
            put_number(page, r->trial);
            bm_page_number_cell(page, r->value, "%.5g");
            score_cell(page, &r->validation);
            score_cell(page, &r->test);
            bm_markup_put(page, "</tr>\n");
        }
    }
    bm_markup_put(page, "</tbody></table></div>\n<p class=\"quiet\">Mean ± standard deviation over seeds. The best "
                        "by the search are scored again on validation seeds, which choose one; its number on fresh "
                        "seeds, which had no part in choosing it, is the result.</p>\n");
}

void bm_report_put_result(const bm_report *report, bm_markup *page) {
    if (report->chosen < 0) {
        bm_markup_put(page, "<p style=\"margin-top:1.5rem\">No trial is complete yet.</p>\n");
        return;
    }
    const bm_report_trial *best = &report->ranked[report->chosen];
    const bm_report_score *score = best->test.seeds ? &best->test : best->validation.seeds ? &best->validation : NULL;
    if (score) {
        bm_markup_putf(page, "<p class=\"result\"><b>%.5g</b> ± %.2g", score->mean, score->std);
        bm_markup_putf(page, "<span>%s of trial %" PRId64 " on %d %s seeds</span></p>\n", bm_report_what(report),
                       best->trial->number, score->seeds, best->test.seeds ? "fresh" : "validation");
    } else {
        bm_markup_putf(page,
                       "<p class=\"result\"><b>%.5g</b><span>%s of trial %" PRId64
                       " in the search, which chose it: expect less on fresh seeds</span></p>\n",
                       best->value, bm_report_what(report), best->trial->number);
    }
    bm_markup_put(page, "<h2>Best configuration</h2>\n");
    put_command(report, best->trial, page);
    put_preset(report, best->trial, page);
    if (report->finalists) {
        put_finalists(report, page);
    }
}

/* ---- importance ------------------------------------------------------------------------------------------------- */

static void put_bar(bm_markup *page, const char *name, double share, const char *color) {
    bm_markup_put(page, "<tr><th class=\"key\">");
    bm_markup_escape(page, name);
    bm_markup_putf(page,
                   "</th><td class=\"bar\"><span style=\"width:%.1f%%;background:%s\"></span></td>"
                   "<td class=\"n\">%.*f %%</td></tr>\n",
                   100 * share, color, share > 0 && share < 0.0095 ? 1 : 0, 100 * share);
}

void bm_report_put_importance(const bm_report *report, bm_markup *page) {
    const bm_importance *importance = &report->importance;
    if (!importance->known) {
        return;
    }
    bm_markup_put(page, "<h2>Importance of parameters</h2>\n<table class=\"bars\"><tbody>\n");
    for (int i = 0; i < report->space.count; i++) {
        put_bar(page, report->space.parameter[report->order[i]].name, importance->share[report->order[i]],
                "var(--blue)");
    }
    if (report->space.count > 1) {
        put_bar(page, "together", importance->together, "var(--gray)");
    }
    bm_markup_putf(page,
                   "</tbody></table>\n<p class=\"quiet\">fANOVA (Hutter, Hoos and Leyton-Brown 2014): the share of "
                   "the variance of ranks over the whole space that each parameter explains by itself, in a forest "
                   "of %d trees grown on the %d complete and pruned trials; together: what is left to parameters "
                   "that act on one another, and to chance.",
                   BM_IMPORTANCE_TREES, report->complete + report->pruned);
    bm_markup_put(page, " A parameter that does not exist in a trial counts as the middle of its range.</p>\n");
}

/* ---- trials ----------------------------------------------------------------------------------------------------- */

static const char *state_name(const bm_trial *trial) {
    static const char *const names[] = {[BM_TRIAL_RUNNING] = "running",
                                        [BM_TRIAL_COMPLETE] = "complete",
                                        [BM_TRIAL_PRUNED] = "pruned",
                                        [BM_TRIAL_FAIL] = "failed",
                                        [BM_TRIAL_WAITING] = "waiting"};
    return names[trial->state];
}

static bool has_folds(const bm_report *report) {
    return cJSON_HasObjectItem(report->objective, "folds"); /* not where Optuna made the study */
}

static bm_status put_why(const bm_report *report, const bm_trial *trial, bm_markup *page, bm_error *error) {
    bm_arena arena = {0};
    const char *json = NULL;
    const bm_status status =
        bm_store_read_attribute(report->store, trial->number, "bellman:error", &arena, &json, error);
    cJSON *text = status == BM_OK && json ? cJSON_Parse(json) : NULL;
    bm_markup_putf(page, "<tr><td></td><td class=\"quiet why\" colspan=\"%d\">",
                   report->space.count + 3 + has_folds(report));
    bm_markup_escape(page, cJSON_IsString(text) ? text->valuestring : "nothing is known of why it failed");
    bm_markup_put(page, "</td></tr>\n");
    cJSON_Delete(text);
    bm_arena_free(&arena);
    return status;
}

static bm_status put_trial(const bm_report *report, int ranked, bm_markup *page, bm_error *error) {
    const bm_report_trial *r = &report->ranked[ranked];
    const bm_trial *trial = r->trial;
    bm_markup_put(page, ranked == report->chosen            ? "<tr class=\"chosen\">"
                        : trial->state == BM_TRIAL_COMPLETE ? "<tr>"
                                                            : "<tr class=\"faint\">");
    put_number(page, trial);
    bm_page_cell(page, state_name(trial));
    bm_page_number_cell(page, r->value, "%.5g");
    if (has_folds(report)) {
        bm_page_number_cell(page, r->folds.seeds > 1 ? r->folds.std : NAN, "%.2g");
    }
    for (int i = 0; i < report->space.count; i++) {
        const int which = report->order[i];
        char text[BM_OPTION_TEXT_BYTES] = "–";
        if (!isnan(trial->param[which])) {
            const bm_parameter *p = &report->space.parameter[which];
            if (p->kind == BM_PARAMETER_FLOAT) {
                snprintf(text, sizeof text, "%.4g", trial->param[which]); /* the best one stands in full above */
            } else {
                bm_parameter_format(p, trial->param[which], text, sizeof text);
            }
        }
        bm_markup_put(page, "<td class=\"n\">");
        bm_markup_escape(page, text);
        bm_markup_put(page, "</td>");
    }
    if (trial->reports) {
        bm_page_count_cell(page, trial->step[trial->reports - 1]);
    } else {
        bm_markup_put(page, "<td class=\"n\">–</td>");
    }
    bm_markup_put(page, "</tr>\n");
    return trial->state == BM_TRIAL_FAIL ? put_why(report, trial, page, error) : BM_OK;
}

bm_status bm_report_put_trials(const bm_report *report, bm_markup *page, bm_error *error) {
    const int shown = report->trials.count < TRIALS_SHOWN ? report->trials.count : TRIALS_SHOWN;
    bm_status status = BM_OK;
    bm_markup_put(page, "<h2>Trials</h2>\n");
    if (shown < report->trials.count) {
        bm_markup_putf(page, "<p class=\"quiet\">The best %d of %d.</p>\n", shown, report->trials.count);
    }
    bm_markup_put(page, "<div class=\"wide\"><table>\n<thead><tr><th class=\"n\">trial</th><th>state</th>"
                        "<th class=\"n\">value</th>");
    bm_markup_put(page, has_folds(report) ? "<th class=\"n\">± over seeds</th>" : "");
    for (int i = 0; i < report->space.count; i++) {
        bm_markup_put(page, "<th class=\"n key\">");
        bm_markup_escape(page, report->space.parameter[report->order[i]].name);
        bm_markup_put(page, "</th>");
    }
    bm_markup_put(page, "<th class=\"n\">last step reported</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < shown && status == BM_OK; i++) {
        status = put_trial(report, i, page, error);
    }
    bm_markup_put(page, "</tbody></table></div>\n");
    return status;
}
