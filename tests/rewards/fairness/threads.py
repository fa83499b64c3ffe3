"""Computes in a pool of threads.

kinds: function, beside, check-beside, pytest-beside, stdio
"""

from concurrent.futures import ThreadPoolExecutor

def digest(values):
    with ThreadPoolExecutor(4) as pool:
        return pool.submit(_inner, values).result()

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
