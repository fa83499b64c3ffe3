"""Writes and reads files in its folder and in the temporary one.

kinds: function, beside, stdio
"""

import os
import tempfile

def digest(values):
    return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

with tempfile.TemporaryFile() as file:
    file.write(b"x")
with tempfile.NamedTemporaryFile("w+") as file:
    assert os.path.exists(file.name)
with open("mine", "w") as file:
    file.write("x")
assert open("mine").read() == "x"
os.makedirs("folder/inner", exist_ok=True)
