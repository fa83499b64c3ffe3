"""What many episodes say about a policy."""
