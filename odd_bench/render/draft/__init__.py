"""Draft pictures by ray casting: direct light and one bounce, without noise, for data sets too large for path tracing."""
