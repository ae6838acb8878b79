"""The surroundings of the objects, and draft pictures by ray casting.

- `surroundings`: random floors and lights;
- `given`, `texture_set`: floors and environments from a user's folders;
- `draft`: the draft renderer.
"""
