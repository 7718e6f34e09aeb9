#ifndef BM_META_POLICY_CURVATURE_H
#define BM_META_POLICY_CURVATURE_H

/* How the policy gradient moves when the parameters move: what second-order meta-learning needs of episodes. */
#include "agents/policy.h"

/* The Hessian of the loss of bm_policy_net_gradient over a whole batch, without an entropy bonus, times direction
 * [parameters]: product [parameters], overwritten. workspace: bm_net_r_workspace. The network must have an R-operator
 * (bm_net_r_check). */
void bm_policy_curvature(const bm_policy_net *policy, const bm_real *params, const bm_real *direction,
                         bm_real *workspace, const bm_policy_rows *rows, bm_real *product);

#endif
