"""Printers: write the Python source of an equation in other notations."""
