"""Reproduces tables of results from configurations: trains, predicts, scores and compares, and skips finished work."""
