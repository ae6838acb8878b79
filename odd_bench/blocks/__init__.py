"""The parts from which methods are built.

- `backbone`, `efficientnet`, `dinov2`: image networks;
- `voxel_grid`, `backprojection`, `unet3d`, `volume_rendering`: feature volumes, how they are filled, refined and rendered;
- `standardised`, `precision`: normalisation of features, and geometry in full precision;
- `stored_weights`: reading weights from files.
"""
