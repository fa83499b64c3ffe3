"""Writes NaN in all spellings.

kinds: stdio-all
"""

print("nan")
