"""Benchmarks, each a comparison made side by side in one run. They are no part of what is installed."""
