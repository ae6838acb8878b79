"""The baselines of the paper, a folder each, trained and scored by the same commands as the reference detector."""
