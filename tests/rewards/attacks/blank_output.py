"""Writes white space only.

kinds: stdio-all
"""

print(" \n\t\r\n" * 100)
