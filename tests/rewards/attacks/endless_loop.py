"""Never answers.

kinds: call, check-beside, stdio
"""

def digest(values):
    while True:
        pass
