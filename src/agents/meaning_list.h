MEANING(dqn, n_steps, "n-step return")
MEANING(reinforce, ent_coef, "weight of the entropy bonus")
