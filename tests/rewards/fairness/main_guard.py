"""Would fail if it were run as a script, and is only imported.

kinds: function, beside, check-beside, pytest-beside
"""

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

if __name__ == "__main__":
    raise SystemExit(input())
