"""Takes a moment to load.

kinds: function, beside, stdio
"""

import time

time.sleep(0.1)

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
