"""Rows larger than memory, read block by block: arrays in files, Parquet, text, IDX, and batches that a function yields."""
