"""Has a null character in its source.

kinds: function, beside, stdio
"""

def digest(values):
    return 0

# the next line is cut by some readers
#\0
exec("\0")
