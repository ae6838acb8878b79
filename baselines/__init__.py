"""The baselines of the paper, one folder each. The commands that train and score the reference detector also work for them."""
