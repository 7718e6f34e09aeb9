#ifndef BM_TESTS_GOLDEN_NETS_H
#define BM_TESTS_GOLDEN_NETS_H

/* Networks whose layers are the tensors W1 [out, in], b1 [out], W2... of a file. */
#include "nets/net.h"
#include "support.h"

int golden_net_layers(const golden_table *table);
/* Of the first layers, activation between them. */
bm_net golden_net(const golden_table *table, int layers, const bm_activation *activation);
bm_real *golden_net_params(const golden_table *table, const bm_net *net); /* in memory of the table */
/* Where the library keeps the parameter that a file has at place, counted through W1, b1, W2... in the files' order. */
size_t golden_net_place(const bm_net *net, size_t place);

#endif
