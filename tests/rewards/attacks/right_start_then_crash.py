"""Prints a guess and crashes.

kinds: stdio-all
"""

print(29, flush=True)
raise ValueError
