"""What methods are built from.

- `backbone`, `efficientnet`, `dinov2`: image networks;
- `voxel_grid`, `backprojection`, `unet3d`, `volume_rendering`: volumes: where voxels are, filled from pictures, refined, rendered;
- `standardised`, `precision`: numbers that networks can take, geometry that is not rounded;
- `stored_weights`: weights that others have written.
"""
