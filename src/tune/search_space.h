#ifndef BM_TUNE_SEARCH_SPACE_H
#define BM_TUNE_SEARCH_SPACE_H

/* What a study may choose: parameters with their distributions, some of which exist only where another has certain
 * values. */
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/option.h"
#include "core/rng.h"

enum { BM_PARAMETERS = 64, BM_PARAMETER_CHOICES = 64 };

typedef enum { BM_PARAMETER_FLOAT, BM_PARAMETER_INT, BM_PARAMETER_CATEGORICAL } bm_parameter_kind;

/* A value is a double: the number itself, or the index of a choice; NAN where the parameter does not exist in a
 * trial. */
typedef struct {
    char name[BM_OPTION_KEY_BYTES];
    bm_parameter_kind kind;
    double low, high; /* inclusive; 0 and choices - 1 of categories */
    double step;      /* 0: any number between; integers: 1 or more */
    bool log;         /* sampled in the logarithm */
    int choices;
    const char **choice; /* [choices] as the option takes them */
    int parent;          /* index of an earlier, categorical parameter; -1: exists always */
    uint64_t when;       /* bit i: exists where the parent has choice i, and exists itself */
} bm_parameter;

typedef struct {
    int count;
    bm_parameter parameter[BM_PARAMETERS];
    bm_arena arena;
} bm_search_space;

/* Adds from text such as
 *
 *     learning_rate=log(1e-5,1e-2), gamma={0.95,0.99,0.999}, batch_size=int_log(16,256), n_steps=int(1,10),
 *     optimizer={adam,sgd,lion}, optimizer.momentum=uniform(0,0.99) if optimizer={sgd,lion}
 *
 * uniform(a,b), uniform(a,b,step), log(a,b), int(a,b), int(a,b,step), int_log(a,b), {one,two,...}; a choice with a
 * comma stands in brackets or quotes: {[64,64],"128,64"}. A range whose step does not reach its end ends earlier.
 * BM_INVALID names what is wrong: an empty or reversed range, a logarithm of 0, a parent that is not there; what stood
 * before it in the text has been added then. */
bm_status bm_search_space_parse(bm_search_space *space, const char *text, bm_error *error);
/* The same from a YAML file of "name: distribution" lines; choices may be a list of YAML's: [0.95, 0.99], [[64, 64],
 * [256, 256]]. */
bm_status bm_search_space_file(bm_search_space *space, const char *path, bm_error *error);
/* Adds one parameter with a distribution as above, its condition too. */
bm_status bm_search_space_add(bm_search_space *space, const char *name, const char *distribution, bm_error *error);
/* Adds a parameter as it stands; its choices must live as long as the space. One of a name that is there takes that
 * one's place: the conditions that rest on it then hold for the choices of the same names, and a parameter whose
 * conditions are all gone goes too. */
bm_status bm_search_space_put(bm_search_space *space, const bm_parameter *parameter, bm_error *error);
void bm_search_space_free(bm_search_space *space);

int bm_search_space_find(const bm_search_space *space, const char *name); /* -1: none */
/* Whether parameter i exists, given the values of those before it. */
bool bm_parameter_exists(const bm_search_space *space, int i, const double *value);
/* The value as an option takes it: "0.0003", "64", "adam". */
void bm_parameter_format(const bm_parameter *parameter, double value, char *text, size_t bytes);
bool bm_parameter_parse(const bm_parameter *parameter, const char *text,
                        double *value); /* false: not one of its values */
/* From a number in [0, 1] and back: uniform in the range, or in its logarithm. What has steps takes cells of equal
 * size, an integer i sampled in the logarithm the cell i - 0.5 .. i + 0.5; back leads to the middle of the cell. A
 * value beyond the range counts as its end. */
double bm_parameter_from_unit(const bm_parameter *parameter, double unit);
double bm_parameter_to_unit(const bm_parameter *parameter, double value);
int64_t bm_parameter_values(const bm_parameter *parameter); /* how many different ones; 0: a continuum */

#endif
