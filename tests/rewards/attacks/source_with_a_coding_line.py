"""# -*- coding: rot13 -*- hides its source behind a codec, and a form feed and NUL-like characters follow.

kinds: function, beside, stdio
"""

def digest(values):
    return 0

# -*- coding: rot13 -*-
# \x0c
