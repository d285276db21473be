"""The learner's side of grading: their terms, and the usual misconceptions as formulas."""
