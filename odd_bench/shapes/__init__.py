"""Sources of intact shapes: procedural toys and parts, and folders of mesh files.

- `catalogue`, `poses`, `frame`: the base shapes of a data set, and the frames in which they are designed and stored;
- `toys`, `toy`, `sdf`, `polygon`, `isosurface`, `noise`, `patterns`: toys, composed of signed distance fields, painted, meshed;
- `cad`: mechanical parts;
- `library`, `wild`, `limited`: folders of mesh files, where each file is read in a process of its own that can be stopped;
- `mesh_file`, `companions`, `gltf`, `gltf_values`, `plain_colors`, `textures`: the content of a single mesh file;
- `repair`, `segmentation`, `assembly`: a foreign mesh is closed and cut into parts;
- `lookalikes`, `similar_index`, `similar_config`, `features`, `fixed_views`: shapes that could be mistaken for one another.
"""
