"""The words of the server's answers, in the languages of the page."""
