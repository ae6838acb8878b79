"""ImVoxelNet (Rukhovich, Vorontsova and Konushin, WACV 2022): 3D detection of two classes in a volume of image features."""
