"""Finds the best model of a table: many configurations side by side on folds, the best of them averaged."""
