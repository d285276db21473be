"""The playground: a page that shows a network while it learns, and the server whose every answer is a function of the URL."""
