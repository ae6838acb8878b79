"""`odd-bench view`: shows a data set, predictions, a run or a capture in the browser, served only on this machine."""
