"""Messages to people and systems, written with the act and sent after the commit."""
