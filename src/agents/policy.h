#ifndef BM_AGENTS_POLICY_H
#define BM_AGENTS_POLICY_H

/* A stochastic policy over one flat parameter buffer: a network, and the distribution that its outputs stand for.
 *
 *   one discrete choice   categorical over logits, of the allowed actions alone; an action is an int32_t
 *   a box                 Gaussian, the outputs being its mean; an action is bm_real [size] in units of the box, before
 *                         bm_decode_actions clips it. The logarithms of the standard deviations are the same in every
 *                         state and lie behind the network's parameters: [net.parameters, log_std [size]] */
#include "agents/losses.h"
#include "envs/env.h"
#include "nets/init.h"
#include "nets/net.h"

typedef struct {
    bm_net net;
    bool gaussian;
    size_t parameters;   /* of net and, with gaussian, log_std */
    bm_space chosen;     /* the action space, with the dtype of actions as they are chosen */
    size_t action_bytes; /* of one of these */
} bm_policy_net;

/* Rows that a policy acts on or learns from. */
typedef struct {
    int n;
    const bm_real *features;    /* [n, net.inputs] */
    const uint8_t *action_mask; /* [n, net.outputs] 1: allowed; NULL: every action is */
    const void *action;         /* [n, action_bytes] what bm_policy_net_act chose */
    const bm_real *weight;      /* [n] of the policy gradient */
} bm_policy_rows;

extern const double bm_policy_output_gain; /* of the last layer's initial weights: at first no action is preferred */

/* The action space's policy by a network of these hidden layers. BM_INVALID: several discrete actions, or widths out of
 * range. */
bm_status bm_policy_net_create(bm_policy_net *policy, const bm_space *observation_space, const bm_space *action_space,
                               const bm_int_list *hidden, const bm_activation *activation, bm_error *error);
/* Reals of workspace for batches up to batch rows. */
size_t bm_policy_net_workspace(const bm_policy_net *policy, int batch);

/* Actions for the rows, in order: drawn with rng or, where that is NULL, the most probable (of several the first; a
 * box: the mean). */
void bm_policy_net_act(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                       const bm_policy_rows *rows, bm_rng *rng, void *action);
/* Of every discrete action: probability [n, net.outputs], 0 where it is not allowed. */
void bm_policy_net_probabilities(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                                 const bm_policy_rows *rows, bm_real *probability);
/* REINFORCE's loss (losses.h) of the rows as part of a batch of `of`, and its gradient: grad [parameters],
 * overwritten. */
bm_policy_loss bm_policy_net_gradient(const bm_policy_net *policy, const bm_real *params, bm_real *workspace,
                                      const bm_policy_rows *rows, int of, double ent_coef, bm_real *grad);

#endif
