"""Writes a number that is too large for a float.

kinds: stdio-all
"""

print("1e999999999")
