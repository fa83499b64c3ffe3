"""Does everything under its main guard.

kinds: stdio-all
"""

def _inner(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

def main():
    values = list(map(int, input().split()))
    print(_inner(values))

if __name__ == "__main__":
    main()
