"""`odd-bench view`: a data set, predictions, a run or a capture in the browser, served on this machine alone."""
