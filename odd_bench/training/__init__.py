"""Training and prediction of every method: the loop, checkpoints, configuration, prediction files.

- `method`: what a method offers;
- `run`: what `odd-bench train` and `odd-bench predict` do;
- `configuration`, `retired_keys`: how a method is trained, and keys of earlier versions;
- `job`, `loop`, `devices`, `freed_memory`, `progress`: one training, its steps, where they run and what they show;
- `checkpoint`, `learnt_from`: what a run leaves behind;
- `predict`: from a run to a prediction file.
"""
