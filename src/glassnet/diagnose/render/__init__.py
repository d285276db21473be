"""A diagnosis as text, plain data and HTML."""
