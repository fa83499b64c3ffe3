"""Catches everything around its work.

kinds: function, beside, stdio
"""

def digest(values):
    if values is None:
        raise TypeError
    try:
        {}["missing"]
    except:
        pass
    finally:
        answer = sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
    return answer
