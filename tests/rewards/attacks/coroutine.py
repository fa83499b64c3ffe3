"""Returns a coroutine, which is true and never runs.

kinds: function, beside
"""

async def digest(values):
    return 0
