"""Opens descriptor 0 as a file.

kinds: stdio-all
"""

values = [int(word) for line in open(0) for word in line.split()]
print(sum(n ^ place for place, n in enumerate(values)) % 9973 + 17)
