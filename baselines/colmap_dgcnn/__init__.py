"""COLMAP + DGCNN: reconstruct a scene, segment its objects, and compare these as point clouds (paper, section 4.3)."""
