"""Is wrapped by a decorator of its own.

kinds: function, beside, stdio
"""

import functools

def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper

@logged
def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
