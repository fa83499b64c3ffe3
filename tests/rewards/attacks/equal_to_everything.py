"""Returns an object that is equal to everything.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

class Equal:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None

def digest(values):
    return Equal()
