"""Draft pictures by ray casting: direct light, one bounce, no noise; for sets that no processor can path-trace in time."""
