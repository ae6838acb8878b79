"""The reference detector: a volume from several views, the objects in it, and how each compares with the others.

In the order in which a scene passes through it:

- `config`, `builder`: the named configurations, and how a detector comes about;
- `model`: the detector itself, its stages, losses and answers;
- `volumes`, `silhouettes`, `hulls`: what is made of the views; `render`, `losses`, `teacher`: what it is taught by;
- `boxes`, `carving`, `heights`: the objects among the voxels and their boxes;
- `object_pixels`, `correspondences`: the pixels and the cells of objects;
- `registration`, `registration_yaw`: how objects lie to each other;
- `comparison`: which of them are odd, by `attention`, by `relations`, or by these and `aligned` references;
- `pictures`: what training shows.
"""
