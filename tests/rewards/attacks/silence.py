"""Writes nothing at all.

kinds: stdio-all
"""

pass
