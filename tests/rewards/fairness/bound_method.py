"""Is a method of an object.

kinds: function, beside, stdio
"""

class Solution:
    def digest(self, values):
        return sum(n ^ place for place, n in enumerate(values)) % 9973 + 17

digest = Solution().digest
