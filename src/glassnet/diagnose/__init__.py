"""Diagnosis: is the gradient right, and why does a network not learn."""
