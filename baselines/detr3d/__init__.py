"""DETR3D (Wang et al., CoRL 2021): boxes from object queries that look themselves up in the pictures."""
