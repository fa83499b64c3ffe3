"""Empties the list that it got, when it has its answer.

kinds: function, beside, stdio
"""

def digest(values):
    answer = _inner(values)
    values.clear()
    return answer

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
