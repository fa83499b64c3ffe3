"""Computes in a pool of processes.

kinds: call, stdio
not on: restricted
"""

import multiprocessing

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

def digest(values):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.apply(_inner, (values,))
