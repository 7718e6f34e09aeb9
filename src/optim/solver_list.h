SOLVER(lbfgs)
SOLVER(newton)
