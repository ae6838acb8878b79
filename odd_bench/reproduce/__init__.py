"""Tables of results made again from configurations: train, predict, score, compare, skipping what is done."""
