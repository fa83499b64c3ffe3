"""Between what a model writes and calls of tools: parsers and the notations they read."""
