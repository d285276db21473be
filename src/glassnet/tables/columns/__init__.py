"""Decides what each column of a table is, and what is predicted."""
