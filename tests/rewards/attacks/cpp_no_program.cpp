// Is not C++ at all.
// kinds: cpp
print("29")
