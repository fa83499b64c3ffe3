"""Is a lambda.

kinds: function, beside, stdio
"""

digest = lambda values: sum(n ^ i for i, n in enumerate(values)) % 9973 + 17  # def digest(values)
