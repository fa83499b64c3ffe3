"""Who acts and learns: policies, rollout, the episode record, evaluation, training and the seams to verl."""
