"""Recordings: a run, or a lesson, as one HTML file that needs no server."""
