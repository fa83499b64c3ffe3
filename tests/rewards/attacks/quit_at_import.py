"""Leaves through the interactive helper `exit`.

kinds: function, beside, stdio
"""

def digest(values):
    return 0

exit()
