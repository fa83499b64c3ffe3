"""Has names and comments in other alphabets, and text beyond the first plane.

kinds: function, beside, stdio
"""

# Größe, 値, 🙂
def größe(値):
    return sum(n ^ place for place, n in enumerate(値))

text = "🙂é\u2028"

def digest(values):
    return größe(values) % 9973 + 17
