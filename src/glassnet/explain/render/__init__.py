"""Prints of a graph and of its entries: text, HTML, LaTeX, Markdown, JSON, all from one outline."""
