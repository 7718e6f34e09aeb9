ENV(cartpole)
ENV(gridworld)
ENV(point2d)
