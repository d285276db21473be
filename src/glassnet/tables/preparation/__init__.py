"""From the columns of a table to the inputs of a network, and back."""
