"""Tables of one's own: reading files, recognising columns, preparing them for a network, and the model of a table."""
