"""The tests; a package, so that `python -m tests.…` finds these and not a `tests` that a library installed."""
