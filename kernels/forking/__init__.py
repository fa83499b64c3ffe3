"""Processes forked from a warm server, seen from the host."""
