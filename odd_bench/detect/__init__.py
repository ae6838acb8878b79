"""From photographs to the odd object: `odd-bench detect`, and pictures of the predictions of any method.

- `command`: reads options, starts the run and prints the results of `detect`, `predict` and `weights list`;
- `run`, `batch`: from a capture to predictions;
- `cautions`: warnings about conditions that may spoil a detection;
- `telling`, `pictures`, `page`: chooses the views that show the objects best, draws them and puts them on a page.
"""
