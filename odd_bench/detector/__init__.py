"""The reference detector: builds a volume from several views, finds the objects in it, and compares them with each other.

In the order in which a scene passes through it:

- `config`, `builder`: the named configurations, and building a detector from them;
- `model`: the detector itself, its stages, losses and predictions;
- `volumes`, `silhouettes`, `hulls`: volumes, silhouettes and visual hulls from the views;
- `losses`, `teacher`: the losses, and the teacher network;
- `boxes`, `carving`, `heights`, `sides`: the objects in the volume, and their boxes;
- `object_pixels`, `correspondences`: the pixels and the cells of objects;
- `registration`, `registration_yaw`: the registration of objects;
- `comparison`: which objects are odd, by `attention`, by `relations`, or by relations and `aligned` references;
- `pictures`: pictures that training shows.

The image networks, backprojection, the 3D network and volume rendering are in odd_bench.blocks.
"""
