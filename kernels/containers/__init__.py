"""Interpreters in containers of a Docker engine."""
