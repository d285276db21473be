"""Diagnosis: find why a network does not learn, and test remedies by training it again.

Reading order, bottom up: thresholds, case/, instruments/, findings, rules/, result, render/, diagnosis, diagnosing, examine.
"""
