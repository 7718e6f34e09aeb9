ENV(cartpole)
ENV(gridworld)
