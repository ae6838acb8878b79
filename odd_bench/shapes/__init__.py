"""Where intact shapes come from: procedural toys and parts, and folders of mesh files.

- `catalogue`, `poses`, `frame`: the base shapes of a data set, and the frames that they are designed and stored in;
- `toys`, `toy`, `sdf`, `polygon`, `isosurface`, `noise`, `patterns`: toys, composed as signed distance fields, painted and meshed;
- `cad`: mechanical parts;
- `library`, `wild`, `limited`: folders of mesh files, each file read in a process that may be stopped;
- `mesh_file`, `companions`, `gltf`, `gltf_values`, `plain_colors`: a mesh file as it is;
- `repair`, `segmentation`, `assembly`: a foreign mesh closed and cut into parts;
- `lookalikes`, `similar_index`, `similar_config`, `features`, `fixed_views`: shapes that could be mistaken for one another.
"""
