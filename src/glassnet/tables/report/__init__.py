"""Measures a model, and writes down what was decided, trained and measured."""
