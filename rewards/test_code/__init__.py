"""What the source of tests says about them, read before anything runs."""
