"""How well `glassnet train` predicts, beside what others would use: `python -m benchmarks.quality`."""
