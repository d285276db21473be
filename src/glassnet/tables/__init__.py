"""The user's own tables: read files, recognise columns, prepare them for a network, and train the model of a table."""
