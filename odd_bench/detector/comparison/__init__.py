"""How the objects of a scene are compared."""
