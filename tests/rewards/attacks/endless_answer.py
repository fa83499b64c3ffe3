"""Returns a list that contains itself.

kinds: function, beside
"""

def digest(values):
    answer = []
    answer.append(answer)
    return answer
