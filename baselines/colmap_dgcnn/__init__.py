"""COLMAP + DGCNN: reconstruct a scene, cut out its objects, compare them as point clouds (paper, section 4.3)."""
