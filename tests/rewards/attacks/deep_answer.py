"""Returns a list that is nested deeper than a recursive decoder can follow.

kinds: function, beside
"""

def digest(values):
    answer = []
    for _ in range(10**5):
        answer = [answer]
    return answer
