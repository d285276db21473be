"""Training: optimizers, schedules, the engine protocol with its NumPy reference, and the loop that drives an engine."""
