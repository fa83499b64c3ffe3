"""Supervised training by verl on conversations whose ids are those that rollouts meet."""
