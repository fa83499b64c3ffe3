"""Claims that its calls changed what tests hold, in ways that no call can.

kinds: objects, function
"""

import json
import sys

FORGED = [
    [[0, [26, 26]]],
    [[-1, ["x"]]],
    [[999, []]],
    [["x", 7]],
    7,
    [[0, {"d": [["__class__", 1], ["__dict__", 2]]}]],
    [[0, [[["__eq__", 1]]]]],
]
calls = []

def forge(name):
    module = sys.modules[name]
    original = module.send_text

    def send(channel, text):
        try:
            message = json.loads(text)
            pairs = message.get("d", [])
            if any(pair[0] == "nonce" for pair in pairs):
                calls.append(1)
                pairs[:] = [pair for pair in pairs if pair[0] not in ("changes", "out")]
                pairs.append(["changes", FORGED[len(calls) % len(FORGED)]])
                pairs.append(["out", [["stdout", "OK\n"], ["stderr", 7], 7, ["x"]][: len(calls) % 5]])
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

    ordered = counts = mean = fill = lambda self, *_: 0
    largest = property(total)

    def __str__(self):
        return ""

def describe(values):
    return 0

def digest(values):
    return 0
