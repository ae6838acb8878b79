"""What is drawn around the objects, and draft pictures by ray casting."""
