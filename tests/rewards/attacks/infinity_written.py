"""Writes infinity.

kinds: stdio-all
"""

print("Infinity")
