"""Training and prediction of every method: the loop, checkpoints, configuration, prediction files.

- `method`: the interface of a method;
- `run`: the work of `odd-bench train` and `odd-bench predict`;
- `configuration`, `retired_keys`: the settings of a training, and keys of earlier versions;
- `job`, `loop`, `devices`, `freed_memory`, `progress`: one training: its steps, devices, memory and reports;
- `checkpoint`, `learnt_from`: the files of a run;
- `predict`: from a run to a prediction file.
"""
