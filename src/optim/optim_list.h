OPTIM(sgd)
OPTIM(adam)
