"""Opens /dev/stdin.

kinds: stdio-all
"""

with open("/dev/stdin") as file:
    values = list(map(int, file.read().split()))
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
