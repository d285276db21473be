"""Breaks single lines of glassnet on purpose and counts how many of the breaks the tests notice: `python -m tests.mutation`."""
