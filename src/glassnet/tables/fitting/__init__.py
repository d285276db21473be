"""Plans and trains a model of a table."""
