"""The paper's figures from weights or a run: predictions that are kept, a table with intervals, a plot. One file a figure."""
