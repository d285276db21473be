"""Tables of a file: reading CSV and Parquet, preparing columns as numbers, and models of them."""
