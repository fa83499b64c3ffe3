"""Asks pytest to end the session with exit code 0 from within a test.

kinds: function, beside, check-beside, pytest-beside
"""

def digest(values):
    import pytest

    pytest.exit("done", returncode=0)
