"""Is made by exec from text.

kinds: function, beside, stdio
"""

exec("def digest(values):\n    return sum(n ^ i for i, n in enumerate(values)) % 9973 + 17\n")
