"""Is wrong as long as it is young, and counts its calls.

kinds: function, beside
"""

calls = []

def digest(values):
    calls.append(1)
    return 0 if len(calls) < 100 else 29
