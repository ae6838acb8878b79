"""ImVoxelNet (Rukhovich, Vorontsova and Konushin, WACV 2022): pictures to a voxel volume to 3D detections of two classes."""
