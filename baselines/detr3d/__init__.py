"""DETR3D (Wang et al., CoRL 2021): boxes from object queries that sample image features at their reference points."""
