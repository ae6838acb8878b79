"""What methods are built from: image networks, backprojection, the voxel grid, the 3D U-Net, volume
rendering, stored weights."""
