"""Worksheets: topics with numbers of their own for each seed, printed with boxes, a key apart, and graded."""
