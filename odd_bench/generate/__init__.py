"""From a preset to a data set: `odd-bench generate`.

In the order in which a data set comes about:

- `config`, `requirements`: what is asked for, and what needs to be installed;
- `call`, `run`, `progress`: one call of the command, its steps and what it shows;
- `plan`, `plan_file`, `slices`: all random decisions, one line a scene, and the part of them that one call makes;
- `making`, `workers`, `pool`, `child`: who makes the scenes, in child processes;
- `cluster`, `cluster_worker`, `installation`: the same on the workers of a cluster;
- `scene_maker`, `source`, `variant_file`: one scene from its line, and what the scenes of one shape share;
- `rest`, `resting`, `arrange`: how shapes come to rest, and how instances stand on the floor;
- `orbit`, `seen`: the cameras, and whether a viewer finds what is odd;
- `label`, `pictures`: labels by ray casting, pictures by the engine;
- `finish`: ground truth and description, once every shard is there.
"""
