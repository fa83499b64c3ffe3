"""A metaclass decides what calling, comparing and looking into the class means.

kinds: objects
"""

class Meta(type):
    def __call__(cls, *_):
        return cls

    def __eq__(cls, other):
        return True

    def __ne__(cls, other):
        return False

    __lt__ = __gt__ = __contains__ = __instancecheck__ = __subclasscheck__ = __eq__

    def __hash__(cls):
        return 26

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __iter__(cls):
        return iter([cls, cls, cls])

    def __getitem__(cls, place):
        return cls

    def __len__(cls):
        return 1000

    def __add__(cls, other):
        return cls

    __sub__ = __rsub__ = __radd__ = __add__

class Bag(metaclass=Meta):
    pass

class describe(metaclass=Meta):
    pass
