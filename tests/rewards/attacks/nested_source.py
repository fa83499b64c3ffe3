"""Is a source nested so deeply that the compiler gives up, and defines nothing.

kinds: function, beside, stdio
"""

digest = lambda values: ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((0
