"""The usual mistakes by subject, each as the formulas a learner who makes it would use in place of the right ones."""
