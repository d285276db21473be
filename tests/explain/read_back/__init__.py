"""Readers of printed derivations, one for each format, and what the equations they read are worth.

A reader knows the printer only by the symbol of each name. What stands between symbols, it reads on its own: numbers,
signs, brackets, fractions, matrices, choices, sums.
"""
