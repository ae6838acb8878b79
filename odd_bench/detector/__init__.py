"""The reference detector: a volume from several views, the objects in it, and how each compares with the others.

In the order in which a scene passes through it:

- `config`, `builder`: the named configurations, and how a detector comes about;
- `model`: the detector itself, its stages, losses and answers;
- `volumes`, `silhouettes`, `hulls`: what is made of the views;
- `losses`, `teacher`: what it is taught by;
- `boxes`, `carving`, `heights`, `sides`: the objects among the voxels and their boxes;
- `object_pixels`, `correspondences`: the pixels and the cells of objects;
- `registration`, `registration_yaw`: the registration of objects;
- `comparison`: which of them are odd, by `attention`, by `relations`, or by these and `aligned` references;
- `pictures`: what training shows.

The image networks, backprojection, the 3D network and volume rendering are in odd_bench.blocks.
"""
