"""The reference detector: a volume from several views, the objects in it, and how each compares with the others."""
