"""Measures glassnet against its peers on equal work: `python -m benchmarks` from the repository root."""
