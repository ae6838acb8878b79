"""Boxes, cameras, meshes, solids, voxels, rays and fractures. Randomness enters through an argument `rng` alone.

- `boxes`, `cameras`, `motion`: boxes on the floor, pinhole cameras, rigid motions of points;
- `shape`, `mesh`, `normals`, `solid`, `refine`, `hull`: shapes, their triangle meshes, and the solids that these enclose;
- `voxels`, `cells`, `fracture`: a solid divided into voxels and cells, and how it breaks;
- `raycast`, `first_hits`, `open3d_core`: ray casting;
- `refusal`: why a shape or a change could not be made.
"""
