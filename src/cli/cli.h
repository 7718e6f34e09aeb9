#ifndef BM_CLI_CLI_H
#define BM_CLI_CLI_H

/* What the verbs share: flags built from option tables, messages, and exit codes. Only files in this folder print or
 * exit. */
#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/option.h"
#include "envs/env.h"

enum { BM_EXIT_OK = 0, BM_EXIT_FAILED = 1, BM_EXIT_USAGE = 2 };

/* One word after `bellman`. verb_list.h names them all. */
typedef struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
} bm_verb;

extern const bm_verb *const bm_verbs[]; /* NULL at the end */

/* A flag of a verb that is no option of a table. name: "json", or "output|o" where -o is the same as --output. value:
 * what it takes ("FILE"), or NULL for a switch. */
typedef struct {
    const char *name, *value, *help;
} bm_flag;

/* A table whose options are flags too, shown under a heading. config: what help shows as defaults. */
typedef struct {
    const char *heading;
    const bm_options *options;
    const void *config;
} bm_flag_group;

enum { BM_GROUPS = 4, BM_SETTINGS = 256, BM_POSITIONALS = 1024 };

typedef struct {
    const char *verb, *arguments; /* "train", "AGENT ENV" */
    const char *summary;          /* paragraphs before the options */
    const char *examples;         /* after them; may be NULL */
    const bm_flag *flags;         /* name NULL at the end */
    bm_flag_group groups[BM_GROUPS];
} bm_command;

/* What was on the command line, in order. Texts are argv's or in the arena; bm_cli_free it. */
typedef struct {
    struct {
        const char *name;  /* a flag's or an option's, with '_' for '-' in an option's */
        const char *value; /* a switch of a verb: "true" */
        bool option;       /* of a group's table, or given through --set */
    } setting[BM_SETTINGS];
    int settings;
    const char *positional[BM_POSITIONALS];
    int positionals;
    bm_arena memory;
} bm_arguments;

/* Parses; prints help and exits 0 on --help, one sentence (with a suggestion) and exits 2 on bad usage. */
void bm_cli_parse(const bm_command *command, int argc, char **argv, bm_arguments *arguments);
void bm_cli_free(bm_arguments *arguments);

/* Only the words that are neither flags nor their values, for choosing the tables that a full parse needs. known: all
 * tables that may turn out to matter, options NULL at the end. */
int bm_cli_positionals(const bm_flag *flags, const bm_flag_group *known, int argc, char **argv, const char **words,
                       int most);

const char *bm_cli_value(const bm_arguments *arguments, const char *flag); /* the last given, or NULL */
bool bm_cli_has(const bm_arguments *arguments, const char *flag);
/* A whole number within [min, max], fallback when the flag is absent; exits 2 with one sentence. */
long long bm_cli_integer(const bm_arguments *arguments, const char *flag, long long fallback, long long min,
                         long long max);

/* The run folder that a person means by RUN, RUN/, RUN/checkpoint or RUN/checkpoint/. BM_INVALID: too long a name. */
bm_status bm_cli_run_folder(const char *path, char *folder, size_t bytes, bm_error *error);

/* Every --env-set KEY=VALUE, into config, which is of type's options. */
bm_status bm_cli_env_settings(const bm_arguments *arguments, const bm_env_type *type, void *config, bm_error *error);

/* Writes the options that --env-set takes, with the values in config, for the end of a help text. */
void bm_cli_env_help(const bm_env_type *type, const void *config, char *text, size_t bytes);

/* The end of a help text: examples and, where the command line names an environment, its options. */
void bm_cli_examples(const char *examples, const bm_flag *flags, int argc, char **argv, char *text, size_t bytes);

/* A member of a JSON object; null where the number is not finite. */
void bm_cli_json_number(cJSON *object, const char *name, double value);
/* One line on standard output; frees the object. */
void bm_cli_json_print(cJSON *object);

/* Prints "bellman: TEXT" to standard error; the exit code that belongs to the status. */
int bm_cli_report(bm_status status, const bm_error *error);
/* The same, and exits with 2. */
__attribute__((noreturn, format(printf, 1, 2))) void bm_cli_usage(const char *format, ...);
/* Whether the folder of a file takes new files, told before anything is computed for it. BM_FAILED: it does not. */
bm_status bm_cli_check_folder(const char *path, bm_error *error);
void *bm_cli_alloc(size_t count, size_t size); /* zeroed; exits 1 when memory runs out */

/* 1234567 -> "1,234,567" */
const char *bm_cli_thousands(long long number, char *text, size_t bytes);

#endif
