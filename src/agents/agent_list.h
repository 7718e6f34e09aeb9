AGENT(dqn)
AGENT(reinforce)
