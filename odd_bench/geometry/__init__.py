"""Boxes, cameras, hulls, meshes, solids, voxels, rays and fractures: pure functions of arrays, no chance, no files.

- `boxes`, `cameras`, `motion`: boxes on the floor, pinhole cameras, points under a motion;
- `shape`, `mesh`, `normals`, `solid`, `refine`, `hull`: shapes, their triangles and their insides;
- `voxels`, `cells`, `fracture`: a solid in voxels and cells, and how it breaks;
- `raycast`, `first_hits`, `open3d_core`: rays;
- `refusal`: why a shape or a change could not be made.
"""
