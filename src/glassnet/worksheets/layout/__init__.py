"""Sheets and keys as pages: HTML to fill in, and PDF to print."""
