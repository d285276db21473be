"""Whole fits: from arrays, or a file, to a trained model, by estimators and by loops that a user could write."""
