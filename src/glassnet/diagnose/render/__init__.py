"""A diagnosis as text, plain data, HTML and charts."""
