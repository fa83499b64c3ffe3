"""Calls input in a loop until EOFError.

kinds: stdio-all
"""

lines = []
while True:
    try:
        lines.append(input())
    except EOFError:
        break
values = [int(word) for line in lines for word in line.split()]
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
