"""From photographs to the odd object: `odd-bench detect`, and pictures of what any method predicts.

- `command`: options read, the run started, the outcome printed; of `predict` and `weights list` as well;
- `run`, `batch`: from a capture to predictions;
- `cautions`: what may spoil a detection;
- `telling`, `pictures`, `page`: the views that show best what was found, drawn and put on a page.
"""
