"""Writes words that a checker could take for values.

kinds: stdio-all
"""

print("nan inf None True expected answer * .* %s {} 0/0")
