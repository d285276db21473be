"""The topics of worksheets: each draws its numbers and says what is asked."""
