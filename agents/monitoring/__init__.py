"""What a training run says of itself while it runs: metrics of every step, alerts, and its best checkpoint.

Everything is read from two logs, the episodes that the agent loop writes and the metrics that verl writes, so
that monitoring can neither slow the trainer down nor stop it by accident.
"""
