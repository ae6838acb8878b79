"""The figures of the paper from weights or a run: stored predictions, a table with intervals, and a plot. One file per figure."""
