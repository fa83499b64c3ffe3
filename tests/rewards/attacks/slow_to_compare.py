"""Returns values whose comparison or conversion takes for ever in the examiner.

kinds: call, check
"""

import decimal
import fractions
import re

calls = []

def digest(values):
    calls.append(1)
    return [
        decimal.Decimal("1E+999999999"),
        fractions.Fraction((1 << (1 << 21)) + 1, (1 << (1 << 21)) - 1),
        range(1 << 62),
        re.compile("(a+)+$"),
    ][len(calls) % 4]
