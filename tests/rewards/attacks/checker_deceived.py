"""Writes what a careless checker would evaluate.

kinds: stdio-special, stdio-float
"""

print("__import__('os')._exit(0)")
