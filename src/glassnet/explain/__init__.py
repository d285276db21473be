"""A training step worked out with its numbers, rendered, and compared with a learner's own."""
