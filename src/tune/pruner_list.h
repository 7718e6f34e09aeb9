PRUNER(none)
PRUNER(median)
PRUNER(asha)
