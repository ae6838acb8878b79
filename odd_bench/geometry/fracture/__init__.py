"""How a solid breaks: fracture modes, the fragments they leave and the surfaces between those (Sellán et al. 2023)."""
