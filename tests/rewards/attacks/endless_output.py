"""Prints for ever.

kinds: call, stdio
"""

def digest(values):
    while True:
        print("x" * 1000)
