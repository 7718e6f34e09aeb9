#ifndef BM_AGENTS_POLICY_H
#define BM_AGENTS_POLICY_H

/* A stochastic policy over one flat parameter buffer: a network, and the distribution over actions that its outputs stand for.
 *
 *   one discrete choice   categorical over logits; an action is an int32_t
 *   a box                 Gaussian, the outputs being its mean; an action is bm_real [size] in units of the box, before
 *                         bm_decode_actions clips it. The logarithms of the standard deviations are parameters of their own, the
 *                         same in every state; they lie behind the network's: [net.parameters, log_std [size]]
 *
 * (train/run.h has a bm_policy that is an agent with its experiment.) */
#include "agents/policy_loss.h"
#include "envs/env.h"
#include "nets/init.h"
#include "nets/net.h"

typedef struct {
    bm_net net;
    bool gaussian;
    size_t parameters;   /* of net and, with gaussian, log_std */
    size_t action_bytes; /* of one action */
} bm_policy_net;

/* hidden_count, hidden, activation: as bm_net_mlp takes them. BM_INVALID: several discrete actions, or widths out of range. */
bm_status bm_policy_net_create(bm_policy_net *policy, const bm_space *observation_space, const bm_space *action_space,
                               int hidden_count, const int *hidden, const bm_activation *activation, bm_error *error);
/* Initial parameters: the last layer's are so small (gain 0.01, where the scheme has one) that no action is preferred. log_std: of every
 * number of a box. */
bm_status bm_policy_net_init(const bm_policy_net *policy, bm_init scheme, double log_std, bm_real *params, bm_rng *rng,
                             bm_error *error);
/* Reals of workspace for batches up to batch rows. */
size_t bm_policy_net_workspace(const bm_policy_net *policy, int batch);

/* Actions for features [n, net.inputs], in order: drawn with rng or, where that is NULL, the most probable (of several the first; a
 * box: the mean). */
void bm_policy_net_act(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                       const bm_real *features, bm_rng *rng, void *action);
/* Of every discrete action: probability [n, net.outputs]. */
void bm_policy_net_probabilities(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                                 const bm_real *features, bm_real *probability);
/* REINFORCE's loss (policy_loss.h) of n rows, action being what bm_policy_net_act chose, and its gradient: grad [parameters],
 * overwritten. */
bm_policy_loss bm_policy_net_gradient(const bm_policy_net *policy, const bm_real *params, bm_real *workspace, int n,
                                      const bm_real *features, const void *action, const bm_real *weight,
                                      double ent_coef, bm_real *grad);
/* Names the network's arrays and "log_std". */
void bm_policy_net_state(const bm_policy_net *policy, bm_real *params, bm_state *state);

/* Reals of workspace for the product below, of batches up to batch rows. */
size_t bm_policy_net_r_workspace(const bm_policy_net *policy, int batch);
/* The Hessian of the loss of bm_policy_net_gradient, without an entropy bonus, times direction [parameters]: product [parameters],
 * overwritten. The network must have an R-operator (bm_net_r_check). */
void bm_policy_net_hvp(const bm_policy_net *policy, const bm_real *params, const bm_real *direction, bm_real *workspace,
                       int n, const bm_real *features, const void *action, const bm_real *weight, bm_real *product);

#endif
