"""The network: its parameters in one flat vector, the forward pass and the backward pass."""
