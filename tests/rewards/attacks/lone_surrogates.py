"""Returns text that is not text.

kinds: function, beside
"""

def digest(values):
    return "\ud83d" + "\ude00"
