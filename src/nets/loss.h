#ifndef BM_NETS_LOSS_H
#define BM_NETS_LOSS_H

/* Losses over [n, outputs] arrays, mean reduction over all elements as torch.nn.functional has them (PyTorch 1.13).
 * Each returns the loss and writes d loss / d prediction into grad (same shape; may be NULL). Sums run in double, in
 * row order. */
#include "core/real.h"

double bm_loss_mse(size_t n, const bm_real *prediction, const bm_real *target, bm_real *grad);
/* huber_loss: quadratic within delta; smooth_l1 with beta is this with delta = beta, divided by beta. */
double bm_loss_huber(size_t n, double delta, const bm_real *prediction, const bm_real *target, bm_real *grad);
double bm_loss_smooth_l1(size_t n, double beta, const bm_real *prediction, const bm_real *target, bm_real *grad);
double bm_loss_bce_logits(size_t n, const bm_real *logit, const bm_real *target, bm_real *grad);
/* logits [n, classes], label [n] in 0..classes-1; mean over n. */
double bm_loss_cross_entropy(size_t n, int classes, const bm_real *logits, const int32_t *label, bm_real *grad);

/* A loss by name, for what works with any: n rows of outputs numbers; target: [n, outputs] reals, or [n] int32_t labels
 * where it takes labels. */
typedef struct {
    const char *name;
    bool takes_labels;
    /* The loss; grad as above, or NULL. */
    double (*gradient)(size_t n, int outputs, const bm_real *prediction, const void *target, bm_real *grad);
    /* How that gradient moves when the prediction moves: r_grad = (d grad / d prediction) r_prediction, same shapes;
     * may be r_prediction. */
    void (*curvature)(size_t n, int outputs, const bm_real *prediction, const void *target, const bm_real *r_prediction,
                      bm_real *r_grad);
} bm_loss;

extern const bm_loss bm_loss_kind_mse, bm_loss_kind_huber /* delta 1 */, bm_loss_kind_bce_logits,
    bm_loss_kind_cross_entropy;

#endif
