"""`odd-bench generate`: from a preset to a data set.

The modules, in the order in which a run uses them:

- `config`, `requirements`: the configuration, and the packages that must be installed;
- `call`, `run`, `progress`: one call of the command, its steps, and its display;
- `plan`, `plan_file`, `slices`: all random decisions, one line per scene, and the part of the plan that one call makes;
- `making`, `workers`, `pool`, `child`: making scenes in child processes;
- `cluster`, `cluster_worker`, `installation`: making scenes on the workers of a cluster;
- `scene_maker`, `source`, `variant_file`: making one scene from its line, and the data that the scenes of a shape share;
- `rest`, `resting`, `arrange`: rest poses of shapes, and the arrangement of instances on the floor;
- `orbit`, `seen`: the cameras, and the test whether a viewer can find the anomaly;
- `label`, `pictures`: labels by ray casting, and pictures by the render engine;
- `finish`: ground truth and description, when all shards are complete.
"""
