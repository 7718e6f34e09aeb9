/* Flags, from a verb's own rows and from option tables, through argp. A first pass over the words does what argp does
 * not: '_' for '-', "did you mean", `--switch false`, single letters, and dotted keys of variants, which become --set
 * KEY=VALUE. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/suggest.h"

enum { MOST_OPTIONS = 256, NAME_BYTES = 64, FIRST_KEY = 1000 };

typedef struct {
    char name[NAME_BYTES]; /* as on the command line, with '-' */
    char letter;           /* of "-o"; '\0': none */
    bool takes_value, of_table;
    const char *help;
    const char *value;
    int group; /* 0: the verb's own; 1...: of command->groups */
} flag_entry;

typedef struct {
    flag_entry entries[MOST_OPTIONS];
    int count, group;
    bm_arena *memory; /* for help texts; NULL: no help wanted */
} catalogue;

static void *allocate(bm_arena *memory, size_t count, size_t size) {
    void *result = bm_arena_alloc(memory, count, size);
    if (!result) {
        bm_error error;
        exit(bm_cli_report(bm_arena_check(memory, "the command line", &error), &error));
    }
    return result;
}

static char *joined(bm_arena *memory, const char *a, const char *b, const char *c) {
    const size_t bytes = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = allocate(memory, bytes, 1);
    snprintf(text, bytes, "%s%s%s", a, b, c);
    return text;
}

static flag_entry *add(catalogue *all, const char *name, bool takes_value) {
    if (all->count == MOST_OPTIONS) {
        bm_cli_usage("too many options"); /* a table grew beyond MOST_OPTIONS: a programming error */
    }
    flag_entry *new = &all->entries[all->count++];
    const size_t length = strcspn(name, "|");
    snprintf(new->name, sizeof new->name, "%.*s", (int)length, name);
    new->letter = name[length] ? name[length + 1] : '\0';
    for (char *c = new->name; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    new->takes_value = takes_value;
    new->group = all->group;
    return new;
}

static void add_row(void *context, const char *key, const bm_option *row, const void *field) {
    catalogue *all = context;
    flag_entry *new = add(all, key, row->type != BM_SWITCH);
    new->of_table = true;
    if (!all->memory) {
        return;
    }
    static const char *const values[] = {
        [BM_INTEGER] = "N",     [BM_REAL] = "X",    [BM_SWITCH] = "true|false", [BM_SCHEDULE] = "X",
        [BM_CHOICE] = "CHOICE", [BM_TEXT] = "TEXT", [BM_INT_LIST] = "N,N",      [BM_VARIANT] = "CHOICE",
    };
    char range[BM_OPTION_TEXT_BYTES], now[BM_OPTION_TEXT_BYTES];
    bm_option_range(row, range, sizeof range);
    bm_option_format(row, field, now, sizeof now);
    const size_t bytes = strlen(row->help) + strlen(range) + strlen(now) + 24;
    new->value = values[row->type];
    char *help = allocate(all->memory, bytes, 1);
    snprintf(help, bytes, "%s (%s; %s%s)", row->help, *now ? now : "none", range, row->live ? "; live" : "");
    new->help = help;
}

static void add_flags(catalogue *all, const bm_flag *flags) {
    for (const bm_flag *flag = flags; flag->name; flag++) {
        flag_entry *new = add(all, flag->name, flag->value != NULL);
        new->value = flag->value;
        new->help = flag->help;
    }
}

/* The entry a written name means: itself, or the only one it abbreviates. */
static const flag_entry *find(const catalogue *all, const char *name) {
    const flag_entry *found = NULL;
    int matches = 0;
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->entries[i].name, name) == 0) {
            return &all->entries[i];
        }
        if (strncmp(all->entries[i].name, name, strlen(name)) == 0) {
            found = &all->entries[i];
            matches++;
        }
    }
    return matches == 1 ? found : NULL;
}

__attribute__((noreturn)) static void unknown_flag(const catalogue *all, const char *verb, const char *name) {
    const char *names[MOST_OPTIONS];
    for (int i = 0; i < all->count; i++) {
        names[i] = all->entries[i].name;
    }
    const char *near = bm_suggest(name, names, (size_t)all->count);
    if (near) {
        bm_cli_usage("unknown option --%s; did you mean --%s?", name, near);
    }
    bm_cli_usage("unknown option --%s (see bellman %s --help)", name, verb);
}

static bool is_truth(const char *word) {
    static const char *const truths[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
    for (size_t i = 0; word && i < sizeof truths / sizeof truths[0]; i++) {
        if (strcmp(word, truths[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const flag_entry *find_letter(const catalogue *all, char letter) {
    for (int i = 0; i < all->count && letter; i++) {
        if (all->entries[i].letter == letter) {
            return &all->entries[i];
        }
    }
    return NULL;
}

typedef struct {
    char name[NAME_BYTES];   /* with '-'; "" when the word is no flag */
    const char *value;       /* after '=', or the next word when the flag takes it; NULL: none */
    const flag_entry *entry; /* NULL: unknown */
    int words;               /* 1 or 2 */
} word;

/* -o VALUE and -oVALUE; one letter a word. */
static word read_letter(const flag_entry *entry, const char *text, const char *next) {
    word result = {.words = 1, .entry = entry};
    snprintf(result.name, sizeof result.name, "%s", entry->name);
    if (text[2]) {
        result.value = text + 2;
    } else if (next && entry->takes_value) {
        result.value = next;
        result.words = 2;
    }
    return result;
}

static word read_word(const catalogue *all, int argc, char **argv, int at) {
    word result = {.name = "", .words = 1};
    const char *text = argv[at];
    const flag_entry *lettered = text[0] == '-' ? find_letter(all, text[1]) : NULL;
    if (lettered) {
        return read_letter(lettered, text, at + 1 < argc ? argv[at + 1] : NULL);
    }
    if (strncmp(text, "--", 2) != 0 || !text[2]) {
        return result;
    }
    const size_t length = strcspn(text + 2, "=");
    const char *equals = text[2 + length] ? text + 2 + length : NULL;
    snprintf(result.name, sizeof result.name, "%.*s", (int)length, text + 2);
    for (char *c = result.name; *c; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    result.entry = find(all, result.name);
    const bool dotted = !result.entry && strchr(result.name, '.');
    const char *next = at + 1 < argc ? argv[at + 1] : NULL;
    if (equals) {
        result.value = equals + 1;
    } else if (next && (dotted || (result.entry && result.entry->takes_value))) {
        result.value = next;
        result.words = 2;
    } else if (result.entry && result.entry->of_table && !result.entry->takes_value && is_truth(next)) {
        result.value = next;
        result.words = 2;
    }
    return result;
}

static void add_missing_row(void *context, const char *key, const bm_option *row, const void *field) {
    catalogue *all = context;
    if (!find(all, key)) {
        add_row(all, key, row, field);
    }
}

int bm_cli_positionals(const bm_flag *flags, const bm_flag_group *known, int argc, char **argv, const char **words,
                       int most) {
    catalogue *all = bm_cli_alloc(1, sizeof *all);
    add_flags(all, flags);
    for (; known->options; known++) {
        bm_options_each(known->options, known->config, add_missing_row, all);
    }
    int count = 0;
    for (int i = 1; i < argc;) {
        const word next = read_word(all, argc, argv, i);
        if (!next.name[0] && argv[i][0] != '-' && count < most) {
            words[count++] = argv[i];
        }
        i += next.words;
    }
    free(all);
    return count;
}

/* ---- argp ------------------------------------------------------------------------------------------------------- */

typedef struct {
    const catalogue *all;
    bm_arguments *arguments;
} parse_state;

static void put_setting(bm_arguments *arguments, const char *name, const char *value, bool option) {
    if (arguments->settings == BM_SETTINGS) {
        bm_cli_usage("too many options");
    }
    arguments->setting[arguments->settings].name = name;
    arguments->setting[arguments->settings].value = value;
    arguments->setting[arguments->settings++].option = option;
}

/* argp shows a key that is a letter in its help. */
static int key_of(const catalogue *all, const flag_entry *entry) {
    return entry->letter ? entry->letter : FIRST_KEY + (int)(entry - all->entries);
}

static const flag_entry *entry_of(const catalogue *all, int key) {
    const bool numbered = key >= FIRST_KEY && key < FIRST_KEY + all->count;
    return numbered ? &all->entries[key - FIRST_KEY] : key < FIRST_KEY ? find_letter(all, (char)key) : NULL;
}

static error_t parse_one(int key, char *value, struct argp_state *state) {
    parse_state *parsing = state->input;
    bm_arguments *arguments = parsing->arguments;
    if (key == ARGP_KEY_ARG) {
        if (arguments->positionals == BM_POSITIONALS) {
            bm_cli_usage("too many arguments");
        }
        arguments->positional[arguments->positionals++] = value;
        return 0;
    }
    const flag_entry *entry = entry_of(parsing->all, key);
    if (!entry) {
        return ARGP_ERR_UNKNOWN;
    }
    if (strcmp(entry->name, "set") == 0) {
        const char *equals = value ? strchr(value, '=') : NULL;
        if (!equals || equals == value) {
            bm_cli_usage("--set wants key=value, not %s", value ? value : "nothing");
        }
        char *name = joined(&arguments->memory, value, "", "");
        name[equals - value] = '\0';
        put_setting(arguments, name, equals + 1, true);
    } else {
        put_setting(arguments, entry->name, value ? value : "true", entry->of_table);
    }
    return 0;
}

/* The words as argp should see them: every flag as --name=value. */
static char **normalise(const catalogue *all, bm_arena *memory, const char *verb, int argc, char **argv, int *count) {
    char **words = allocate(memory, (size_t)argc + 1, sizeof *words);
    int n = 0;
    words[n++] = argv[0];
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--") == 0) { /* no flags from here on */
            memcpy(words + n, argv + i, (size_t)(argc - i) * sizeof *words);
            n += argc - i;
            break;
        }
        const word next = read_word(all, argc, argv, i);
        if (!next.name[0]) {
            if (argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-' && argv[i][1] != '?') {
                bm_cli_usage(
                    "unknown option %s (see bellman %s --help; what begins with - and is no option goes after --)",
                    argv[i], verb);
            }
            words[n++] = argv[i];
        } else if (!next.entry && strchr(next.name, '.')) {
            if (!next.value) {
                bm_cli_usage("--%s needs a value", next.name);
            }
            words[n++] = joined(memory, "--set=", next.name, joined(memory, "=", next.value, ""));
        } else if (!next.entry) {
            if (strcmp(next.name, "help") != 0 && strcmp(next.name, "usage") != 0) {
                unknown_flag(all, verb, next.name);
            }
            words[n++] = argv[i];
        } else if (next.value) {
            if (!next.entry->takes_value && !next.entry->of_table) {
                bm_cli_usage("--%s takes no value", next.entry->name);
            }
            words[n++] = joined(memory, "--", next.entry->name, joined(memory, "=", next.value, ""));
        } else if (next.entry->takes_value) {
            bm_cli_usage("--%s needs a value", next.entry->name);
        } else {
            words[n++] = joined(memory, "--", next.entry->name, "");
        }
        i += next.words;
    }
    *count = n;
    return words;
}

void bm_cli_parse(const bm_command *command, int argc, char **argv, bm_arguments *arguments) {
    memset(arguments, 0, sizeof *arguments);
    bm_arena *memory = &arguments->memory;
    catalogue *all = allocate(memory, 1, sizeof *all);
    all->memory = memory;
    add_flags(all, command->flags);
    for (int g = 0; g < BM_GROUPS && command->groups[g].options; g++) {
        all->group = g + 1;
        bm_options_each(command->groups[g].options, command->groups[g].config, add_row, all);
    }
    struct argp_option *options = allocate(memory, (size_t)all->count + BM_GROUPS + 2, sizeof *options);
    int n = 0, group = 0;
    for (int i = 0; i < all->count; i++) {
        const flag_entry *e = &all->entries[i];
        if (e->group != group) {
            group = e->group;
            options[n++] = (struct argp_option){.doc = command->groups[group - 1].heading, .group = group};
        }
        options[n++] = (struct argp_option){
            .name = e->name,
            .key = key_of(all, e),
            .arg = e->value,
            .flags = e->takes_value || !e->of_table ? 0 : OPTION_ARG_OPTIONAL,
            .doc = e->help,
            .group = group,
        };
    }
    char *doc =
        joined(memory, command->summary, command->examples ? "\v" : "", command->examples ? command->examples : "");
    const struct argp argp = {.options = options, .parser = parse_one, .args_doc = command->arguments, .doc = doc};
    int count;
    char **words = normalise(all, memory, command->verb, argc, argv, &count);
    words[0] = joined(memory, "bellman ", command->verb, "");
    parse_state parsing = {all, arguments};
    argp_err_exit_status = BM_EXIT_USAGE;
    setenv("ARGP_HELP_FMT", "opt-doc-col=34,rmargin=100,no-dup-args-note", 0);
    if (argp_parse(&argp, count, words, 0, NULL, &parsing) != 0) {
        exit(BM_EXIT_USAGE);
    }
}

void bm_cli_free(bm_arguments *arguments) {
    bm_arena_free(&arguments->memory);
}
