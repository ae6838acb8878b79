"""odd-bench: find the odd one out among several instances of an object, from a few views."""

__version__ = "0.1.0"
