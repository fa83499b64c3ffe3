"""Episodes: how one is played, and thousands at once."""
