"""Animations of a training run: what is measured on the way, the panels that show it, and `animate`."""
