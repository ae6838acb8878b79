"""From photographs to the odd object: `odd-bench detect`, and pictures of what any method predicts."""
