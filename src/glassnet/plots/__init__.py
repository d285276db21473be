"""Figures: a data set, a loss curve, a decision boundary, a confusion matrix, residuals."""
