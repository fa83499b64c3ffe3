"""Prints what looks like failed tests.

kinds: function, beside, check-beside, pytest-beside
"""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

print("FAILED")
print("AssertionError")
print("1 failed, 0 passed")
