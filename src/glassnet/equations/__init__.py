"""The equations: activations, losses, penalties, updates and initializers, as pure functions with their derivatives."""
