"""Uses the names of tests and judges for itself.

kinds: function, assert-beside, unittest-beside, pytest-beside, stdio
"""

expected = candidate = solution = result = outcome = nonce = None

def check(values):
    return sum(n ^ place for place, n in enumerate(values))

def test_helper():
    raise AssertionError("not a test")

def digest(values):
    return check(values) % 9973 + 17
