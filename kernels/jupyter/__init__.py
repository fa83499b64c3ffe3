"""Real ipykernels, forked or spawned, and the client that speaks to them."""
