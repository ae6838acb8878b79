"""Boxes, cameras, hulls, meshes, solids, voxels, rays and fractures: pure functions of arrays, no chance, no files."""
