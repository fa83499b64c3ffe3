"""Uses the newer syntax of the language.

kinds: function, beside, stdio
"""

def digest(values):
    total = 0
    for pair in enumerate(values):
        match pair:
            case (place, n) if (bits := n ^ place) or True:
                total += bits
    return total % 9973 + 17
