#ifndef BM_NETS_HVP_H
#define BM_NETS_HVP_H

/* Exact Hessian-vector products by Pearlmutter's R-operator (Fast exact multiplication by the Hessian, 1994): R{x} is
 * how x moves when the parameters move along a direction, d x(params + e direction) / d e at e = 0. One sweep forward
 * and one backward carry every value together with its R; nothing is approximated. Where an activation has a kink (relu
 * at 0) its second derivative is taken as 0, as automatic differentiation does. */
#include "nets/loss.h"
#include "nets/net.h"

/* BM_INVALID: a layer or an activation of the net has no R-operator; the message says which. */
bm_status bm_net_r_check(const bm_net *net, bm_error *error);

/* Reals of workspace for batches up to batch rows. */
size_t bm_net_r_workspace(const bm_net *net, int batch);

/* As bm_net_forward, with R{result} [batch, outputs] directly behind the result [batch, outputs]: returns the result.
 * direction: flat, as params. */
bm_real *bm_net_r_forward(const bm_net *net, const bm_real *params, const bm_real *direction, bm_real *workspace,
                          int batch, const bm_real *input);

/* After bm_net_r_forward with the same arguments. r_grad_output: the R of d loss / d result [batch, outputs] and
 * directly behind it d loss / d result itself, so that X beside R{X} faces R{dZ} beside dZ; may be used as scratch.
 * grad_params, the gradient (flat, overwritten), may be NULL; r_grad_params (flat, overwritten): R of it, the Hessian
 * times the direction. */
void bm_net_r_backward(const bm_net *net, const bm_real *params, const bm_real *direction, bm_real *workspace,
                       int batch, const bm_real *input, bm_real *r_grad_output, bm_real *grad_params,
                       bm_real *r_grad_params);

/* The Hessian of a loss (loss.h) times direction, whole. workspace: bm_net_r_workspace. target: as the loss reads it.
 * grad may be NULL. Returns the loss. */
double bm_net_hvp(const bm_net *net, const bm_loss *loss, const bm_real *params, const bm_real *direction,
                  bm_real *workspace, int batch, const bm_real *input, const void *target, bm_real *grad,
                  bm_real *product);

#endif
