"""How a solid breaks: fracture modes, the fragments they leave and the surfaces between them (Sellan et al. 2023)."""
