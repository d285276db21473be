"""Measurements of a network in training, and the run that takes them between its steps."""
