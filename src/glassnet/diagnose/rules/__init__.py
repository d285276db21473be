"""Rules that turn a start, a course or an outcome into findings, and the replay that tests their remedies."""
