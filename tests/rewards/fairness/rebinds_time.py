"""Calls its own variables time, json, os and sys.

kinds: function, beside, stdio
"""

time = json = os = sys = socket = struct = 0

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17
