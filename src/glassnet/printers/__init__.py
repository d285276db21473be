"""Printers: from the Python source of an equation to other notations."""
