"""Training and prediction of every method: the loop, checkpoints, configuration, prediction files."""
