"""A set-up with its data, changes to it (remedies), and the scale on which its losses are measured."""
