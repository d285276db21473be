"""Reads a file into a Table."""
