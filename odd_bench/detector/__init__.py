"""The reference detector: multi-view volumes, distilled features, sparse voxel attention between instances."""
