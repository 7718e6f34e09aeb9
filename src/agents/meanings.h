/* Option names that mean different things in different agents, because users of Stable-Baselines3 know them so: agent,
 * name, and words that its help has. All other names that agents share are rows of one group. */
MEANING(dqn, n_steps, "n-step return")
MEANING(reinforce, ent_coef, "weight of the entropy bonus")
